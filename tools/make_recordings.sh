#!/usr/bin/env bash
# Makes the three recordings that the demo's guests play, from espeak-ng and sox:  tools/make_recordings.sh [FOLDER]
#
# They are committed, so nobody needs this to use vsnd; it is here to say how they came to be, and to change them.
# Each has a rate and a voice of its own, is broadband and never repeats itself, so that the lag at which it is found in
# a mix has one answer.  Each peaks at -12 dBFS: three at once stay below full scale (3 x 0.25).
set -euo pipefail

folder=${1:-$(dirname "$0")/../compose/recordings}
mkdir -p "$folder"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# -R: noise from the same seed every time.  Intermediates have 32 bits, so samples are rounded to 16 once, at the end.
tone() { sox -R -V1 -n -b 32 -r "$@"; }
say() { espeak-ng -v "$1" -s "$2" -w "$3" "$4"; }

# finish NAME RATE_HZ SECONDS: what is in mix.wav, with soft ends and its peak in place, becomes NAME.flac.
finish() {
    sox -R -V1 "$scratch/mix.wav" -b 16 -C 8 "$folder/$1.flac" rate -v "$2" trim 0 "$3" fade 0.01 "$3" 0.2 norm -12
}

# Speech: the telephone's 16 kHz, mono.
announcement() {
    say en-gb 165 "$scratch/mix.wav" "Three guests are playing. Each has a recording of its own, and one card mixes them all."
    finish announcement 16000 5.6
}

# Plucked strings, 44.1 kHz, stereo: chords on the left, a tune on the right.
melody() {
    local start_s left right pitches parts=()
    while read -r start_s left right pitches; do
        parts+=("$scratch/note$start_s-$left.wav")
        # shellcheck disable=SC2086  # a chord is several words
        tone 44100 "${parts[-1]}" synth 2 $(printf 'pluck %s ' $pitches) \
            remix - fade l 0.003 2 1.6 remix "1v$left" "1v$right" pad "$start_s"
    done <<'NOTES'
0.00 .8 .2 A2 E3 C4
0.00 .2 .7 A4
0.40 .2 .7 C5
0.80 .2 .7 E5
1.20 .2 .7 D5
1.35 .8 .2 F2 C3 A3
1.75 .2 .7 C5
2.35 .2 .7 A4
2.70 .8 .2 G2 D3 B3
2.90 .2 .7 B4
3.30 .2 .7 D5
3.50 .2 .7 G5
4.00 .8 .2 C3 G3 E4
4.00 .2 .7 E5
4.45 .2 .7 C5
NOTES
    sox -R -V1 -m "${parts[@]}" -b 32 "$scratch/mix.wav"
    finish melody 44100 5
}

# A chime, then a voice over a pad of strings that drift apart, 48 kHz, stereo.
navigation() {
    tone 48000 "$scratch/chime.wav" synth 1.2 sine 1318.5 sine 3322 fade l 0.002 1.2 1.1 remix 1v.5,2v.2 2v.2,1v.5
    tone 48000 "$scratch/pad.wav" synth 6 sawtooth 220:233 sawtooth 331:329 fade 0.6 6 1 lowpass 900 gain -16
    say en-us+f3 155 "$scratch/words.wav" "In two hundred metres, take the second exit."
    sox -R -V1 "$scratch/words.wav" -b 32 "$scratch/voice.wav" rate -v 48000 remix 1 1 pad 1.3
    sox -R -V1 -m "$scratch"/{chime,pad,voice}.wav -b 32 "$scratch/mix.wav"
    finish navigation 48000 5
}

announcement
melody
navigation
