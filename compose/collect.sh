#!/usr/bin/env bash
# Takes what the tasks of a stack left, a folder for each node: collect.sh STACK FOLDER.  Waits until all have ended.
# It needs the `docker` command, and that it speaks to a manager of the Swarm (DOCKER_HOST, or its context).
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: $0 STACK FOLDER" >&2; exit 2; }
service=$1_run folder=$2

while [ -n "$(docker service ps --quiet --filter desired-state=running "$service")" ]; do
    sleep 1
done

docker service ps --no-trunc --format '{{.ID}} {{.Node}} {{.CurrentState}} {{.Error}}' "$service" </dev/null |
while read -r task node state; do
    [ -n "$node" ] && mkdir -p "$folder" && mkdir "$folder/$node"   # two nodes of one name would be one host
    echo "$node: $state"
    docker service logs --raw "$task" 2>"$folder/$node/task.log" </dev/null |
        base64 --decode | tar --extract --gzip --directory "$folder/$node"
done
