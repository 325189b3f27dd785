# SPDX-License-Identifier: MIT
# The runner starts this file with bash -e; exec, so that its signals reach croft.
exec /usr/local/bin/croft gha-hook
