# Three virtual hosts of four ranks each, and what can befall them. Sourced by run.
# shellcheck shell=bash

host_count=3
export HOSTS_STATE=$work/${work##*.}

hosts_down() { [ -d "$HOSTS_STATE" ] && "$here/hosts" down; }

# launch LOG RANKS COMMAND...: mpirun on node1, in the background; its number in "mpirun"
launch() {
  local log=$1 ranks=$2
  shift 2
  # A link that is cut is noticed after 5 + 3 x 3 s, not after minutes.
  "$here/hosts" run node1 mpirun.openmpi -np "$ranks" -H node1:4,node2:4,node3:4 --bind-to none \
    --mca plm_rsh_agent "$here/hosts ssh" --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0 \
    --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 3 --mca oob_tcp_keepalive_probes 3 \
    -x LARMOR_JAVA_OPTS "$@" >"$log" 2>&1 </dev/null &
  mpirun=$!
}

# ended SECONDS: waits for mpirun at most so long; "code" is its exit code, "took" the time since "event"
ended() {
  wait_for "$1" not_there "$mpirun"
  local hung=$?
  took=$(since "$event")
  if [ $hung != 0 ]; then
    code=hung
    kill -9 "$mpirun"
  fi
  wait "$mpirun" 2>/dev/null
  local given=$?
  [ $hung != 0 ] || code=$given
  sleep 2
  left=$(all_ranks | wc -w)
}

not_there() { ! kill -0 "$1" 2>/dev/null || [ "$(ps -o stat= -p "$1" | cut -c 1)" = Z ]; }

ranks_on() { # HOST: the ranks' numbers
  local process
  for process in $("$here/hosts" processes "$1"); do
    if [ "$(cat "/proc/$process/comm" 2>/dev/null)" = java ]; then echo "$process"; fi
  done
}

all_ranks() { for i in $(seq $host_count); do ranks_on "node$i"; done; }

rank_on() { ranks_on "$1" | sed -n 2p; }

# under_way RUN: whether it has a checkpoint
under_way() { [ -f "$(fold "$1")/checkpoint_latest.safetensors" ]; }

# begun RUN LOG: waits for a run's first checkpoint; the event comes now
begun() {
  wait_for 400 under_way "$1" || say "$1 did not begin: $(tail -n 3 "$2")"
  event=$(seconds)
}

nothing_left() { [ "$left" = 0 ] && echo "nothing left" || echo "$left processes left"; }

# whole NAME RANKS [OPTION...]: a run to its end
whole() {
  say "$1 on $2 ranks"
  pretrain "$1" "${@:3}"
  event=$(seconds)
  launch "$work/$1.log" "$2" "${run[@]}"
  ended 900
}

# resumed NAME RANKS: goes on with a run
resumed() { whole "$1" "$2" --resume; }

# expects_same_bits NAME WHAT: goes on with a run and compares it with the uninterrupted one
expects_same_bits() {
  cp "$work/$1.log" "$work/$1.first.log"
  resumed "$1" 12
  local same=other
  [ "$(final "$1")" = "$(final twelve)" ] && same=same
  row "$(judge [ "$code $same" = "0 same" ])" "$2, then --resume on 12 ranks" "exit code 0, the uninterrupted run's bits" \
    "$same bits, status $(status "$1")" "$code" "$took"
}

# ends_with NAME WHAT EXPECTED-CODE AT-MOST-SECONDS EXPECTED-STATUS
ends_with() {
  local verdict=no came
  came="status $(status "$1"), $(nothing_left)"
  if [ "$code" = "$3" ] && at_most "$took" "$4" && [ "$came" = "status $5, nothing left" ]; then verdict=ok; fi
  row $verdict "$2" "exit code $3 within $4 s, status $5, nothing left" "$came" "$code" "$took" "$(message "$work/$1.log")"
}

over_hosts() {
  local difference
  say "hosts"
  "$here/hosts" up $host_count || die "no virtual hosts: the kernel or the container does not allow network namespaces"
  echo "== 3 hosts x 4 ranks, network namespaces, TCP; $epochs epochs of $steps steps, a checkpoint every $every" | tee -a "$report"
  echo | tee -a "$report"

  say "one on 1 rank"
  pretrain one
  event=$(seconds)
  "${run[@]}" >"$work/one.log" 2>&1
  code=$?
  row "$(judge [ $code = 0 ])" "1 process, no launcher" "exit code 0" "$(($(wc -l <"$(fold one)/steps.csv") - 1)) losses" $code "$(since "$event")"

  whole twelve 12
  difference=$(apart one twelve)
  row "$(judge eval "[ $code = 0 ] && at_most $difference 1e-6")" "12 ranks on 3 hosts" \
    "exit code 0, losses of all $((epochs * steps)) steps within 1e-6 of 1 process's" \
    "at most $difference apart, status $(status twelve)" "$code" "$took" "$(ranks_met twelve)"

  whole again 12
  row "$(judge [ "$(final again)" = "$(final twelve)" ])" "the same once more" "the same bits" \
    "$([ "$(final again)" = "$(final twelve)" ] && echo same || echo other) bits" "$code" "$took"

  fault killed
  kill -9 "$(rank_on node2)"
  ended 120
  ends_with killed "kill -9 of a rank on host 2" 137 30 "failed 143"
  expects_same_bits killed "kill -9"

  fault stopped --rank-timeout 20
  kill -STOP "$(rank_on node2)"
  ended 180
  ends_with stopped "a rank on host 2 stopped (SIGSTOP), --rank-timeout 20" 75 60 "failed 75"

  fault cut --rank-timeout 120
  "$here/hosts" unplug node3
  ended 180
  "$here/hosts" plug node3
  ends_with cut "the cable of host 3 unplugged, keepalive 14 s, --rank-timeout 120" 205 60 "failed 143"

  full_disk
  expects_same_bits full "a full disk, and room made"

  fault signalled
  kill -USR1 "$mpirun"
  ended 120
  ends_with signalled "USR1 to mpirun" 85 30 "stopped 85"
  cp -r "$work/results/signalled" "$work/results/fewer"
  expects_same_bits signalled "USR1"

  resumed fewer 5
  difference=$(apart one fewer)
  row "$(judge eval "[ $code = 0 ] && at_most $difference 1e-6")" "USR1, then --resume on 5 ranks (3, 3, 2, 2, 2 images)" \
    "exit code 0, all losses within 1e-6 of 1 process's" "at most $difference apart, status $(status fewer)" \
    "$code" "$took"
}

# ranks_met RUN: what the program said of the launch
ranks_met() { grep -h -m 1 ' ranks' "$work/$1.log" | cut -c 1-200; }

# fault NAME [OPTION...]: a run of 12 ranks that has its first checkpoint
fault() {
  say "$1"
  pretrain "$@"
  launch "$work/$1.log" 12 "${run[@]}"
  begun "$1" "$work/$1.log"
}

# Rank 0 writes to a small file system that is full after the first checkpoint.
full_disk() {
  local folder=$work/results/full
  mkdir -p "$folder"
  "$here/hosts" run node1 mount -t tmpfs -o size=2m full "$folder"
  say full
  pretrain full
  launch "$work/full.log" 12 "${run[@]}"
  wait_for 400 "$here/hosts" run node1 test -f "$(fold full)/checkpoint_latest.safetensors"
  "$here/hosts" run node1 dd if=/dev/zero of="$folder/ballast" bs=64k status=none 2>/dev/null
  event=$(seconds)
  ended 120
  "$here/hosts" run node1 rm -f "$folder/ballast"
  "$here/hosts" run node1 cp -r "$folder/." "$work/full"
  "$here/hosts" run node1 umount "$folder"
  cp -r "$work/full/." "$folder"
  local verdict=no
  if [ "$code" = 1 ] && at_most "$took" 60 && [ "$left" = 0 ]; then verdict=ok; fi
  row $verdict "rank 0's disk full" "exit code 1 within 60 s, the cause said, nothing left" \
    "status $(status full), $(nothing_left)" "$code" "$took" "$(message "$work/full.log")"
}
