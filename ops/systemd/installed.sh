#!/bin/sh
# Runs after an installation or upgrade. It starts nothing new: the operator first writes /etc/parley/parley.env.
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart parley.service
fi
