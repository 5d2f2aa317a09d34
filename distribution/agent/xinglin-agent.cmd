@echo off
rem xinglin-agent in a command window, in Chinese as this Windows writes it.
"%~dp0python\python.exe" "%~dp0xinglin-agent.pyz" %*
