# SPDX-License-Identifier: MIT
"""The parts of test_ca.py: a SCEP server that behaves like Microsoft NDES."""
