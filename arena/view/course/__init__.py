"""The course of a league as series of numbers, which pictures, reports and the terminal UI draw.

``curves`` has the values, ``strength`` the charts of how good members are, and ``training`` those of how the training
goes, in few points however long it is. ``league`` puts together what `arena plot` and `arena report` show.
"""
