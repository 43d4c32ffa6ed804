package dev.larmor.models.planted;

import dev.larmor.kernels.cpu.Team;

/** What no model may do: know a backend. */
interface ReachesAroundDevice {
  Team team();
}
