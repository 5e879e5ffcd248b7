"""Which facts of a service answer which meaning: learnt from phrases whose answers were judged one by one."""
