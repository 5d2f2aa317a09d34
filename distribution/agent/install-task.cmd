@echo off
rem 把 xinglin-agent 装成开机自动运行的任务（Windows 7 / Server 2008 R2 起）。请右键“以管理员身份运行”。
rem Install xinglin-agent as a task that starts with Windows (docs/how-to/agent-windows.md). Run as administrator.
setlocal
set "PLACE=%~dp0"
set "HOME_FOLDER=%ProgramData%\xinglin-agent"
if not exist "%PLACE%python\python.exe" (
  echo 没找到 %PLACE%python\python.exe：请先把嵌入版 Python 解压到 python 文件夹。
  exit /b 1
)
if not exist "%PLACE%xinglin-agent.pyz" (
  echo 没找到 %PLACE%xinglin-agent.pyz：请把它和本文件放在同一个文件夹。
  exit /b 1
)
if not exist "%HOME_FOLDER%" mkdir "%HOME_FOLDER%"
rem Nobody but the system and administrators reads keys and records: by SID, the same in each language.
icacls "%HOME_FOLDER%" /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F >nul
if errorlevel 1 (
  echo 设不了 %HOME_FOLDER% 的权限：请右键“以管理员身份运行”。
  exit /b 1
)
powershell -NoProfile -ExecutionPolicy Bypass -Command "(Get-Content -Encoding UTF8 '%PLACE%xinglin-agent-task.xml') -replace '__PLACE__', '%PLACE%'.TrimEnd('\') | Set-Content -Encoding Unicode '%TEMP%\xinglin-agent-task.xml'"
schtasks /Create /F /TN "xinglin-agent" /XML "%TEMP%\xinglin-agent-task.xml"
if errorlevel 1 (
  echo 任务没有装上，原因见上一行。
  exit /b 1
)
del "%TEMP%\xinglin-agent-task.xml"
schtasks /Run /TN "xinglin-agent"
echo 装好了。过一分钟在本机浏览器打开 http://127.0.0.1:8765/ 看状态。
