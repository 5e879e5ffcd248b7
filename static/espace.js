// Locks the screen when nobody touches it: a warning one minute before, then the form of « Verrouiller l'écran ».
(() => {
  const form = document.getElementById("verrouiller"), warning = document.getElementById("verrou-bientot")
  const { idle, present } = document.body.dataset
  if (!form || !idle) return

  const limit = idle * 1000, tellEvery = 120_000
  let touched = Date.now(), told = Date.now()

  // The server counts too: it hears of somebody who types for long without sending anything.
  const tell = async () => {
    told = Date.now()
    const token = document.querySelector("meta[name=form-token]").content
    const answer = await fetch(present, { method: "POST", headers: { "X-CSRFToken": token } }).catch(() => null)
    if (answer && answer.status === 401) location.reload()
  }

  const touch = () => {
    touched = Date.now()
    warning.hidden = true
    if (touched - told > tellEvery) tell()
  }

  const look = () => {
    const left = limit - (Date.now() - touched)
    warning.hidden = left > 60_000
    if (left > 0) return
    clearInterval(watch)
    form.submit()
  }

  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll", "input"]) addEventListener(kind, touch, { passive: true })
  const watch = setInterval(look, 1000)
  // A lid that was closed: the clock went on, timers did not. A page that Back shows again is asked for anew.
  addEventListener("visibilitychange", look)
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload() })
})()
