"""Dates and hours of pages in English, as they are written in Europe: Django's own are American."""

DATE_FORMAT = "j F Y"
MONTH_DAY_FORMAT = "j F"
SHORT_DATE_FORMAT = "d/m/Y"
TIME_FORMAT = "G:i"
