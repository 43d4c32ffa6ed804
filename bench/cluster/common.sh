# What both proofs share: the data, the runs, what is compared, the report. Sourced by run.
# shellcheck shell=bash

say() { echo "$(date +%T) $*" >&2; }

die() {
  echo "bench/cluster/run: $*" >&2
  exit 2
}

wants() { # TOOL PACKAGE...
  command -v "$1" >/dev/null || die "$1 is missing: apt-get install --no-install-recommends ${*:2}"
}

seconds() { date +%s.%N; }

# since BEGIN: seconds, one digit
since() { awk -v a="$1" -v b="$(seconds)" 'BEGIN { printf "%.1f", b - a }'; }

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.2
  done
}

# ---- the data set and the run: the sample's volumes under twelve names, a tiny network

dataset=901_Cluster
fold() { echo "$work/results/$1/Dataset$dataset/SimCLRTrainer__nnsslPlans__onemmiso/fold_all"; }

prepare_data() {
  local i
  export nnssl_raw=$work/raw nnssl_preprocessed=$work/preprocessed
  unset rocket_preprocessed
  mkdir -p "$nnssl_raw" "$nnssl_preprocessed" "$work/images" "$work/results"
  for i in 1 2 3 4 5 6; do
    ln -s "$larmor_home/models/sample/volumes/images/head_T1.nii.gz" "$work/images/head$i.nii.gz"
    ln -s "$larmor_home/models/sample/volumes/images/slab_T2star.nii.gz" "$work/images/slab$i.nii.gz"
  done
  {
    "$larmor_home/larmor" ssl index "$work/images" --dataset $dataset
    "$larmor_home/larmor" ssl plan 901
    "$larmor_home/larmor" ssl preprocess 901 -c onemmiso --workers 1
  } >"$work/data.log" 2>&1 || die "no data set: $(tail -n 1 "$work/data.log")"
}

epochs=2
steps=12
every=4 # steps between checkpoints

# pretrain RESULTS [OPTION...]: the command line of a run, in the array "run"
pretrain() {
  run=("$larmor_home/larmor" ssl pretrain 901 onemmiso --device cpu --threads 1 --workers 1
    --features 4,8 --blocks 1,1 --view-size 8 --least-crop 8 --patch 20x20x20 --batch-size 12
    --epochs $epochs --steps $steps --checkpoint-interval $every --keep-every 0
    --results "$work/results/$1" "${@:2}")
}

# tensors FILE: a checkpoint's weights and optimiser state in one number; its header holds times
tensors() {
  local header
  [ -f "$1" ] || return
  header=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
  tail -c +$((9 + header)) "$1" | sha256sum | cut -c 1-16
}

final() { tensors "$(fold "$1")/checkpoint_final.safetensors"; }

# status RUN: what status.json says, in a word
status() {
  sed -n 's/^ *"state" : "\(.*\)".*/\1/p; s/^ *"exit_code" : \([0-9]*\).*/\1/p' "$(fold "$1")/status.json" 2>/dev/null |
    paste -s -d ' '
}

# apart RUN RUN [STEPS]: the largest relative difference of all steps' losses, or of the first that differ at all
apart() {
  paste -d ',' "$(fold "$1")/steps.csv" "$(fold "$2")/steps.csv" | awk -F, -v limit="${3:-0}" '
    NR == 1 { half = NF / 2; for (i = 1; i <= half; i++) column[i] = $i; next }
    {
      for (i = 1; i <= half; i++) {
        if (column[i] != "loss") continue
        a = $i; b = $(i + half); d = a > b ? a - b : b - a
        scale = a < 0 ? -a : a; if (scale > 0) d /= scale
        if (d > 0) differing++
        if (d > worst && (limit == 0 || differing <= limit)) worst = d
        n++
      }
    }
    END { if (n == 0) { print "nothing" } else printf "%.1e", worst }'
}

at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "nothing" && a + 0 <= b + 0) }'; }

# judge CONDITION...: ok if it holds
judge() { if "$@"; then echo ok; else echo no; fi; }

# ---- the report

failures=0

# row WHAT EXPECTED CAME CODE SECONDS [MESSAGE], and whether it is as expected: ok or not
row() {
  local verdict=$1
  shift
  [ "$verdict" = ok ] || failures=$((failures + 1))
  printf '%s\n  expected: %s\n  came:     %s (exit code %s, %s s): %s\n' \
    "$1" "$2" "$3" "$4" "$5" "$([ "$verdict" = ok ] && echo "as expected" || echo "NOT AS EXPECTED")" | tee -a "$report"
  if [ -n "${6:-}" ]; then printf '%s\n' "$6" | sed 's/^/  said:     /' | tee -a "$report"; fi
  echo | tee -a "$report"
}

# message LOG: what the program said went wrong, each sentence once, with how often where more than once
message() {
  sed "s|$work/||g; s|$larmor_home/||g" "$1" | grep -E '^(larmor: |rank [0-9]+ of )|stopped and saved' |
    sort | uniq -c | sort -rn | head -n 4 | sed -E 's/^ *1 //; s/^ *([0-9]+) (.*)/\2 [\1 times]/' | cut -c 1-300
}
