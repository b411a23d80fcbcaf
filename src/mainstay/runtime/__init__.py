"""What runs inside the user's processes: the template, the workers, the engines.

Started by path with the user's interpreter (`boot.py`), so nothing here may assume that mainstay is installed there.
Imports nothing else of ours but `mainstay.sys`.
"""
