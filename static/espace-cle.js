// The button of a passkey works once the scripts before this one are there; what goes wrong is said in words.
document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("cle")
  if (button) button.disabled = false
})
document.addEventListener("allauth.error", (event) => {
  event.preventDefault()
  document.getElementById("cle-erreur").hidden = false
})
