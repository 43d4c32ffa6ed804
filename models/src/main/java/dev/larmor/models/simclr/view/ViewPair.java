package dev.larmor.models.simclr.view;

/** Two views of one patch: the network is to find that they belong together. */
public record ViewPair(View first, View second) {}
