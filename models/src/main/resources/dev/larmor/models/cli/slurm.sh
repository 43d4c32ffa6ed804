#!/bin/bash
{{directives}}

# Submit this where ./larmor is. Five minutes before the time is over Slurm sends USR1: the run saves itself and ends
# with 85, and the job is queued again to go on from there.
requeue={{requeue}}

status=$SLURM_JOB_NAME-$SLURM_JOB_ID.status.json
failures=$SLURM_JOB_NAME-$SLURM_JOB_ID.failures

again() {
  if $requeue; then
    echo "queued again: the run ended with $code"
    scontrol requeue "$SLURM_JOB_ID" && sleep 600 # Slurm ends this script meanwhile
  fi
}

./larmor --version || exit # built here once, where need be, and not by each rank
rm -f "$status"
srun --mpi={{mpi}} --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" \
  {{command}}
code=$?

# What the run itself has written counts: not every launcher passes its exit code on, and a killed one says "running".
said=$(sed -n 's/.*"exit_code" : \([0-9]*\).*/\1/p' "$status" 2>/dev/null)
if [ -n "$said" ]; then
  code=$said
elif [ $code = 0 ]; then
  code=1
fi

case $code in
  0) rm -f "$failures" ;; # done
  2) ;;                   # wrong options or data, which to try again would not mend
  85)                     # stopped by USR1, and saved
    rm -f "$failures"
    again
    ;;
  *) # failed: three more trials in a row
    echo "$code" >>"$failures"
    [ "$(wc -l <"$failures")" -gt 3 ] || again
    ;;
esac
exit "$code"
