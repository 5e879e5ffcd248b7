"""Who may sign in to the staff area: a person known by an e-mail address, and nothing else about them."""

from typing import ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Length, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

models.BinaryField.register_lookup(Length)

DIGEST_BYTES = 32


class UserManager(BaseUserManager["User"]):
    """Accounts, found by address whatever its case."""

    def create_user(self, email: str, password: str | None = None) -> "User":
        """A new account; without a password nobody can sign in to it yet."""
        user = self.model(email=email.strip().lower())
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        """A new account that may do everything in the staff area; what `manage.py createsuperuser` calls."""
        user = self.model(email=email.strip().lower(), is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """The account of an address; raises User.DoesNotExist."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A member of staff: moderator, partner's member or operator. Visitors never have an account."""

    email = models.EmailField(_("adresse e-mail"), unique=True)
    is_staff = models.BooleanField(_("équipe du site"), default=False)
    is_active = models.BooleanField(_("compte ouvert"), default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"

    class Meta:
        verbose_name = _("compte")
        verbose_name_plural = _("comptes")
        constraints: ClassVar = [
            # With this and the unique index, one address has one account, whatever its case.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_is_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        """Fold the address before the form looks for an account that already has it."""
        super().clean()
        self.email = self.email.strip().lower()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Questions about invitations."""

    def valid(self) -> Self:
        """Those that still open an account."""
        return self.filter(expires_at__gt=timezone.now())

    def expired(self) -> Self:
        """Those that open nothing any more."""
        return self.filter(expires_at__lte=timezone.now())


class Invitation(models.Model):
    """A link that opens an account once: the row goes when it is used. Of the link, only a digest is kept."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="invitation")
    digest = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(digest__length=DIGEST_BYTES), name="invitation_keeps_a_digest"),
        ]
