#!/bin/sh
# Runs before the package is removed. The argument is "upgrade", or 1, if another version follows.
if [ -d /run/systemd/system ] && [ "$1" != upgrade ] && [ "$1" != 1 ]; then
	systemctl disable --now parley.service
fi
