"""A plan made again and again: each time with what is known by then, and looking ahead only so far.

On each day of re-planning (`days`) a plan is made of what is known (`knowledge`), what falls due
before the next such day is fixed (`replan`), and so on to the end of the horizon (`roller`). Then
the workbook of what really came is solved with all decisions fixed, which is the cost that counts.
"""
