"""Which facts of a service answer which meaning: learnt from phrases that a person of the field judged."""
