#!/usr/bin/env bash
# Makes the three recordings that vsnd ships, from espeak-ng and sox (Debian packages of these names).
# Speech and plucked notes do not repeat themselves, so each can be found in a mix by correlation; peaks are at -12 dBFS,
# so that three at once do not clip.
set -euo pipefail

cd "$(dirname "$0")/../compose/recordings"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

say() { espeak-ng -v en-gb -s "$1" -p "$2" -w "$work/$3.wav" "$4"; }
finish() { sox "$work/$1.wav" -b 16 -r "$2" -c "$3" "$1.flac" gain -n -12; }

say 150 40 announcement "This call is forwarded. Please hold the line, somebody will be with you in a moment."
finish announcement 16000 1

say 165 60 voice "In two hundred metres, turn left. Then keep to the right for one kilometre."
sox -n -r 48000 -c 2 "$work/chime.wav" synth 0.5 pluck 880 pluck 1108 fade t 0 0.5 0.3
sox "$work/voice.wav" -r 48000 -c 2 "$work/wide.wav"
sox "$work/chime.wav" "$work/wide.wav" "$work/navigation.wav"
finish navigation 48000 2

notes=(220 277 330 440 392 330 294 247 262 330 392 523)
for number in "${!notes[@]}"; do
  low=${notes[number]}
  sox -R -n -r 44100 -c 2 "$work/note$number.wav" synth 0.45 pluck "$low" pluck "$((low * 3 / 2))" fade t 0.005 0.45 0.1
done
sox $(for number in "${!notes[@]}"; do echo "$work/note$number.wav"; done) "$work/melody.wav"
finish melody 44100 2
