package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.Lanes.MEMORY;
import static dev.larmor.kernels.cpu.fft.Lanes.ORDER;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.SPECIES;
import static dev.larmor.kernels.cpu.fft.Lanes.VECTOR;
import static dev.larmor.kernels.cpu.fft.Lanes.at;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/**
 * One pass of the autosorting mixed-radix transform: the short DFTs of one radix over all lanes.
 *
 * <p>Every method does, for {@code p < m}, {@code q < s} and the forward kernel {@code w_r =
 * exp(-2πi/r)},
 *
 * <pre>{@code
 * y[q + s·(r·p + j)] = twiddle[p][j] · Σ_k x[q + s·(p + m·k)] · w_r^(j·k)
 * }</pre>
 *
 * where a point of x ({@code src}) and of y ({@code dst}) is a vector of real parts followed by a
 * vector of imaginary parts, and {@code step} is its size. {@code twiddle[p][0]} is one and not
 * stored; the others are triples (re, im, -im), so that a complex product is two multiplications
 * and two multiply-adds. The last pass has no twiddles, which is said by null.
 *
 * <p>The form of this code is owed to HotSpot's C2 compiler, which must keep every vector in a
 * register and box none:
 *
 * <ul>
 *   <li>No methods of our own between a load and a store: past a budget of nodes C2 inlines only
 *       methods the JDK has marked, and a vector that goes to a call that is not inlined becomes an
 *       object.
 *   <li>Every address goes through {@link Lanes#at}, for the reasons given there.
 *   <li>One flat loop over the butterflies. With an inner loop over q, C2 would hoist the twiddle
 *       factors out of it, and then spill them and the data.
 *   <li>A step that is an argument: with a constant one, C2 would see a counted loop and make three
 *       copies of it, though it mostly turns a handful of times.
 * </ul>
 */
final class Butterflies {
  /** Floats per stored twiddle factor. */
  static final int TWIDDLE = 3;

  private static final float SIN_60 = (float) Math.sqrt(0.75);
  private static final float COS_45 = (float) Math.sqrt(0.5);
  private static final float MINUS_COS_45 = -COS_45;
  private static final float COS_72 = (float) ((Math.sqrt(5) - 1) / 4);
  private static final float COS_144 = (float) (-(Math.sqrt(5) + 1) / 4);
  private static final float SIN_72 = (float) Math.sqrt((5 + Math.sqrt(5)) / 8);
  private static final float SIN_144 = (float) Math.sqrt((5 - Math.sqrt(5)) / 8);

  private Butterflies() {}

  static void radix2(long src, long dst, long step, int s, int m, float[] twiddles) {
    long leg = (long) s * m * POINT;
    long out = s * POINT;
    long x = src;
    long y = dst;
    int q = s;
    int at = 0;
    for (long end = src + leg; x != end; x += step) {
      long x0 = at(x);
      FloatVector r0 = fromMemorySegment(SPECIES, MEMORY, x0, ORDER);
      FloatVector i0 = fromMemorySegment(SPECIES, MEMORY, x0 + VECTOR, ORDER);
      long x1 = at(x + leg);
      FloatVector r1 = fromMemorySegment(SPECIES, MEMORY, x1, ORDER);
      FloatVector i1 = fromMemorySegment(SPECIES, MEMORY, x1 + VECTOR, ORDER);
      r0.add(r1).intoMemorySegment(MEMORY, at(y), ORDER);
      i0.add(i1).intoMemorySegment(MEMORY, at(y) + VECTOR, ORDER);
      if (twiddles == null) {
        r0.sub(r1).intoMemorySegment(MEMORY, at(y + out), ORDER);
        i0.sub(i1).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
      } else {
        FloatVector re;
        FloatVector im;
        FloatVector w;
        re = r0.sub(r1);
        im = i0.sub(i1);
        w = broadcast(SPECIES, twiddles[at]);
        re.fma(w, im.mul(twiddles[at + 2])).intoMemorySegment(MEMORY, at(y + out), ORDER);
        im.fma(w, re.mul(twiddles[at + 1])).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
      }
      y += step;
      if (--q == 0) {
        q = s;
        y += out;
        at += TWIDDLE;
      }
    }
  }

  static void radix3(long src, long dst, long step, int s, int m, float[] twiddles) {
    long leg = (long) s * m * POINT;
    long out = s * POINT;
    FloatVector half = broadcast(SPECIES, -0.5f);
    long x = src;
    long y = dst;
    int q = s;
    int at = 0;
    for (long end = src + leg; x != end; x += step) {
      long x0 = at(x);
      FloatVector r0 = fromMemorySegment(SPECIES, MEMORY, x0, ORDER);
      FloatVector i0 = fromMemorySegment(SPECIES, MEMORY, x0 + VECTOR, ORDER);
      long x1 = at(x + leg);
      FloatVector r1 = fromMemorySegment(SPECIES, MEMORY, x1, ORDER);
      FloatVector i1 = fromMemorySegment(SPECIES, MEMORY, x1 + VECTOR, ORDER);
      long x2 = at(x + 2 * leg);
      FloatVector r2 = fromMemorySegment(SPECIES, MEMORY, x2, ORDER);
      FloatVector i2 = fromMemorySegment(SPECIES, MEMORY, x2 + VECTOR, ORDER);
      FloatVector rs = r1.add(r2);
      FloatVector is = i1.add(i2);
      FloatVector rd = r1.sub(r2).mul(SIN_60);
      FloatVector id = i1.sub(i2).mul(SIN_60);
      FloatVector rm = rs.fma(half, r0);
      FloatVector jm = is.fma(half, i0);
      r0.add(rs).intoMemorySegment(MEMORY, at(y), ORDER);
      i0.add(is).intoMemorySegment(MEMORY, at(y) + VECTOR, ORDER);
      if (twiddles == null) {
        rm.add(id).intoMemorySegment(MEMORY, at(y + out), ORDER);
        jm.sub(rd).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        rm.sub(id).intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        jm.add(rd).intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
      } else {
        FloatVector re;
        FloatVector im;
        FloatVector w;
        re = rm.add(id);
        im = jm.sub(rd);
        w = broadcast(SPECIES, twiddles[at]);
        re.fma(w, im.mul(twiddles[at + 2])).intoMemorySegment(MEMORY, at(y + out), ORDER);
        im.fma(w, re.mul(twiddles[at + 1])).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        re = rm.sub(id);
        im = jm.add(rd);
        w = broadcast(SPECIES, twiddles[at + TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
      }
      y += step;
      if (--q == 0) {
        q = s;
        y += 2 * out;
        at += 2 * TWIDDLE;
      }
    }
  }

  static void radix4(long src, long dst, long step, int s, int m, float[] twiddles) {
    long leg = (long) s * m * POINT;
    long out = s * POINT;
    long x = src;
    long y = dst;
    int q = s;
    int at = 0;
    for (long end = src + leg; x != end; x += step) {
      long x0 = at(x);
      FloatVector r0 = fromMemorySegment(SPECIES, MEMORY, x0, ORDER);
      FloatVector i0 = fromMemorySegment(SPECIES, MEMORY, x0 + VECTOR, ORDER);
      long x1 = at(x + leg);
      FloatVector r1 = fromMemorySegment(SPECIES, MEMORY, x1, ORDER);
      FloatVector i1 = fromMemorySegment(SPECIES, MEMORY, x1 + VECTOR, ORDER);
      long x2 = at(x + 2 * leg);
      FloatVector r2 = fromMemorySegment(SPECIES, MEMORY, x2, ORDER);
      FloatVector i2 = fromMemorySegment(SPECIES, MEMORY, x2 + VECTOR, ORDER);
      long x3 = at(x + 3 * leg);
      FloatVector r3 = fromMemorySegment(SPECIES, MEMORY, x3, ORDER);
      FloatVector i3 = fromMemorySegment(SPECIES, MEMORY, x3 + VECTOR, ORDER);
      FloatVector ar = r0.add(r2);
      FloatVector ai = i0.add(i2);
      FloatVector br = r0.sub(r2);
      FloatVector bi = i0.sub(i2);
      FloatVector cr = r1.add(r3);
      FloatVector ci = i1.add(i3);
      FloatVector dr = r1.sub(r3);
      FloatVector di = i1.sub(i3);
      ar.add(cr).intoMemorySegment(MEMORY, at(y), ORDER);
      ai.add(ci).intoMemorySegment(MEMORY, at(y) + VECTOR, ORDER);
      if (twiddles == null) {
        br.add(di).intoMemorySegment(MEMORY, at(y + out), ORDER);
        bi.sub(dr).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        ar.sub(cr).intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        ai.sub(ci).intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
        br.sub(di).intoMemorySegment(MEMORY, at(y + 3 * out), ORDER);
        bi.add(dr).intoMemorySegment(MEMORY, at(y + 3 * out) + VECTOR, ORDER);
      } else {
        FloatVector re;
        FloatVector im;
        FloatVector w;
        re = br.add(di);
        im = bi.sub(dr);
        w = broadcast(SPECIES, twiddles[at]);
        re.fma(w, im.mul(twiddles[at + 2])).intoMemorySegment(MEMORY, at(y + out), ORDER);
        im.fma(w, re.mul(twiddles[at + 1])).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        re = ar.sub(cr);
        im = ai.sub(ci);
        w = broadcast(SPECIES, twiddles[at + TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
        re = br.sub(di);
        im = bi.add(dr);
        w = broadcast(SPECIES, twiddles[at + 2 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 2 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 3 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 2 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 3 * out) + VECTOR, ORDER);
      }
      y += step;
      if (--q == 0) {
        q = s;
        y += 3 * out;
        at += 3 * TWIDDLE;
      }
    }
  }

  static void radix5(long src, long dst, long step, int s, int m, float[] twiddles) {
    long leg = (long) s * m * POINT;
    long out = s * POINT;
    FloatVector c1 = broadcast(SPECIES, COS_72);
    FloatVector c2 = broadcast(SPECIES, COS_144);
    FloatVector s1 = broadcast(SPECIES, SIN_72);
    long x = src;
    long y = dst;
    int q = s;
    int at = 0;
    for (long end = src + leg; x != end; x += step) {
      long x0 = at(x);
      FloatVector r0 = fromMemorySegment(SPECIES, MEMORY, x0, ORDER);
      FloatVector i0 = fromMemorySegment(SPECIES, MEMORY, x0 + VECTOR, ORDER);
      long x1 = at(x + leg);
      FloatVector r1 = fromMemorySegment(SPECIES, MEMORY, x1, ORDER);
      FloatVector i1 = fromMemorySegment(SPECIES, MEMORY, x1 + VECTOR, ORDER);
      long x2 = at(x + 2 * leg);
      FloatVector r2 = fromMemorySegment(SPECIES, MEMORY, x2, ORDER);
      FloatVector i2 = fromMemorySegment(SPECIES, MEMORY, x2 + VECTOR, ORDER);
      long x3 = at(x + 3 * leg);
      FloatVector r3 = fromMemorySegment(SPECIES, MEMORY, x3, ORDER);
      FloatVector i3 = fromMemorySegment(SPECIES, MEMORY, x3 + VECTOR, ORDER);
      long x4 = at(x + 4 * leg);
      FloatVector r4 = fromMemorySegment(SPECIES, MEMORY, x4, ORDER);
      FloatVector i4 = fromMemorySegment(SPECIES, MEMORY, x4 + VECTOR, ORDER);
      FloatVector ar = r1.add(r4);
      FloatVector ai = i1.add(i4);
      FloatVector br = r1.sub(r4);
      FloatVector bi = i1.sub(i4);
      FloatVector cr = r2.add(r3);
      FloatVector ci = i2.add(i3);
      FloatVector dr = r2.sub(r3);
      FloatVector di = i2.sub(i3);
      FloatVector er = ar.fma(c1, cr.fma(c2, r0));
      FloatVector ei = ai.fma(c1, ci.fma(c2, i0));
      FloatVector fr = ar.fma(c2, cr.fma(c1, r0));
      FloatVector fi = ai.fma(c2, ci.fma(c1, i0));
      FloatVector gr = br.fma(s1, dr.mul(SIN_144));
      FloatVector gi = bi.fma(s1, di.mul(SIN_144));
      FloatVector hr = br.mul(SIN_144).sub(dr.mul(s1));
      FloatVector hi = bi.mul(SIN_144).sub(di.mul(s1));
      r0.add(ar).add(cr).intoMemorySegment(MEMORY, at(y), ORDER);
      i0.add(ai).add(ci).intoMemorySegment(MEMORY, at(y) + VECTOR, ORDER);
      if (twiddles == null) {
        er.add(gi).intoMemorySegment(MEMORY, at(y + out), ORDER);
        ei.sub(gr).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        fr.add(hi).intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        fi.sub(hr).intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
        fr.sub(hi).intoMemorySegment(MEMORY, at(y + 3 * out), ORDER);
        fi.add(hr).intoMemorySegment(MEMORY, at(y + 3 * out) + VECTOR, ORDER);
        er.sub(gi).intoMemorySegment(MEMORY, at(y + 4 * out), ORDER);
        ei.add(gr).intoMemorySegment(MEMORY, at(y + 4 * out) + VECTOR, ORDER);
      } else {
        FloatVector re;
        FloatVector im;
        FloatVector w;
        re = er.add(gi);
        im = ei.sub(gr);
        w = broadcast(SPECIES, twiddles[at]);
        re.fma(w, im.mul(twiddles[at + 2])).intoMemorySegment(MEMORY, at(y + out), ORDER);
        im.fma(w, re.mul(twiddles[at + 1])).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        re = fr.add(hi);
        im = fi.sub(hr);
        w = broadcast(SPECIES, twiddles[at + TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
        re = fr.sub(hi);
        im = fi.add(hr);
        w = broadcast(SPECIES, twiddles[at + 2 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 2 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 3 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 2 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 3 * out) + VECTOR, ORDER);
        re = er.sub(gi);
        im = ei.add(gr);
        w = broadcast(SPECIES, twiddles[at + 3 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 3 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 4 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 3 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 4 * out) + VECTOR, ORDER);
      }
      y += step;
      if (--q == 0) {
        q = s;
        y += 4 * out;
        at += 4 * TWIDDLE;
      }
    }
  }

  static void radix8(long src, long dst, long step, int s, int m, float[] twiddles) {
    long leg = (long) s * m * POINT;
    long out = s * POINT;
    long x = src;
    long y = dst;
    int q = s;
    int at = 0;
    for (long end = src + leg; x != end; x += step) {
      long x0 = at(x);
      FloatVector r0 = fromMemorySegment(SPECIES, MEMORY, x0, ORDER);
      FloatVector i0 = fromMemorySegment(SPECIES, MEMORY, x0 + VECTOR, ORDER);
      long x4 = at(x + 4 * leg);
      FloatVector r4 = fromMemorySegment(SPECIES, MEMORY, x4, ORDER);
      FloatVector i4 = fromMemorySegment(SPECIES, MEMORY, x4 + VECTOR, ORDER);
      long x2 = at(x + 2 * leg);
      FloatVector r2 = fromMemorySegment(SPECIES, MEMORY, x2, ORDER);
      FloatVector i2 = fromMemorySegment(SPECIES, MEMORY, x2 + VECTOR, ORDER);
      long x6 = at(x + 6 * leg);
      FloatVector r6 = fromMemorySegment(SPECIES, MEMORY, x6, ORDER);
      FloatVector i6 = fromMemorySegment(SPECIES, MEMORY, x6 + VECTOR, ORDER);
      // Even points: a four-point transform (e0, e1, e2, e3).
      FloatVector ar = r0.add(r4);
      FloatVector ai = i0.add(i4);
      FloatVector br = r0.sub(r4);
      FloatVector bi = i0.sub(i4);
      FloatVector cr = r2.add(r6);
      FloatVector ci = i2.add(i6);
      FloatVector dr = r2.sub(r6);
      FloatVector di = i2.sub(i6);
      FloatVector e0r = ar.add(cr);
      FloatVector e0i = ai.add(ci);
      FloatVector e2r = ar.sub(cr);
      FloatVector e2i = ai.sub(ci);
      FloatVector e1r = br.add(di);
      FloatVector e1i = bi.sub(dr);
      FloatVector e3r = br.sub(di);
      FloatVector e3i = bi.add(dr);
      long x1 = at(x + leg);
      FloatVector r1 = fromMemorySegment(SPECIES, MEMORY, x1, ORDER);
      FloatVector i1 = fromMemorySegment(SPECIES, MEMORY, x1 + VECTOR, ORDER);
      long x5 = at(x + 5 * leg);
      FloatVector r5 = fromMemorySegment(SPECIES, MEMORY, x5, ORDER);
      FloatVector i5 = fromMemorySegment(SPECIES, MEMORY, x5 + VECTOR, ORDER);
      long x3 = at(x + 3 * leg);
      FloatVector r3 = fromMemorySegment(SPECIES, MEMORY, x3, ORDER);
      FloatVector i3 = fromMemorySegment(SPECIES, MEMORY, x3 + VECTOR, ORDER);
      long x7 = at(x + 7 * leg);
      FloatVector r7 = fromMemorySegment(SPECIES, MEMORY, x7, ORDER);
      FloatVector i7 = fromMemorySegment(SPECIES, MEMORY, x7 + VECTOR, ORDER);
      // Odd points: (o0, o1, o2, o3), the odd ones turned by an eighth of a turn.
      ar = r1.add(r5);
      ai = i1.add(i5);
      br = r1.sub(r5);
      bi = i1.sub(i5);
      cr = r3.add(r7);
      ci = i3.add(i7);
      dr = r3.sub(r7);
      di = i3.sub(i7);
      FloatVector o0r = ar.add(cr);
      FloatVector o0i = ai.add(ci);
      FloatVector o2r = ar.sub(cr);
      FloatVector o2i = ai.sub(ci);
      FloatVector ur = br.add(di);
      FloatVector ui = bi.sub(dr);
      FloatVector vr = br.sub(di);
      FloatVector vi = bi.add(dr);
      FloatVector o1r = ur.add(ui).mul(COS_45);
      FloatVector o1i = ui.sub(ur).mul(COS_45);
      FloatVector o3r = vi.sub(vr).mul(COS_45);
      FloatVector o3i = vr.add(vi).mul(MINUS_COS_45);
      e0r.add(o0r).intoMemorySegment(MEMORY, at(y), ORDER);
      e0i.add(o0i).intoMemorySegment(MEMORY, at(y) + VECTOR, ORDER);
      if (twiddles == null) {
        e1r.add(o1r).intoMemorySegment(MEMORY, at(y + out), ORDER);
        e1i.add(o1i).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        e2r.add(o2i).intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        e2i.sub(o2r).intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
        e3r.add(o3r).intoMemorySegment(MEMORY, at(y + 3 * out), ORDER);
        e3i.add(o3i).intoMemorySegment(MEMORY, at(y + 3 * out) + VECTOR, ORDER);
        e0r.sub(o0r).intoMemorySegment(MEMORY, at(y + 4 * out), ORDER);
        e0i.sub(o0i).intoMemorySegment(MEMORY, at(y + 4 * out) + VECTOR, ORDER);
        e1r.sub(o1r).intoMemorySegment(MEMORY, at(y + 5 * out), ORDER);
        e1i.sub(o1i).intoMemorySegment(MEMORY, at(y + 5 * out) + VECTOR, ORDER);
        e2r.sub(o2i).intoMemorySegment(MEMORY, at(y + 6 * out), ORDER);
        e2i.add(o2r).intoMemorySegment(MEMORY, at(y + 6 * out) + VECTOR, ORDER);
        e3r.sub(o3r).intoMemorySegment(MEMORY, at(y + 7 * out), ORDER);
        e3i.sub(o3i).intoMemorySegment(MEMORY, at(y + 7 * out) + VECTOR, ORDER);
      } else {
        FloatVector re;
        FloatVector im;
        FloatVector w;
        re = e1r.add(o1r);
        im = e1i.add(o1i);
        w = broadcast(SPECIES, twiddles[at]);
        re.fma(w, im.mul(twiddles[at + 2])).intoMemorySegment(MEMORY, at(y + out), ORDER);
        im.fma(w, re.mul(twiddles[at + 1])).intoMemorySegment(MEMORY, at(y + out) + VECTOR, ORDER);
        re = e2r.add(o2i);
        im = e2i.sub(o2r);
        w = broadcast(SPECIES, twiddles[at + TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 2 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 2 * out) + VECTOR, ORDER);
        re = e3r.add(o3r);
        im = e3i.add(o3i);
        w = broadcast(SPECIES, twiddles[at + 2 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 2 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 3 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 2 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 3 * out) + VECTOR, ORDER);
        re = e0r.sub(o0r);
        im = e0i.sub(o0i);
        w = broadcast(SPECIES, twiddles[at + 3 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 3 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 4 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 3 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 4 * out) + VECTOR, ORDER);
        re = e1r.sub(o1r);
        im = e1i.sub(o1i);
        w = broadcast(SPECIES, twiddles[at + 4 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 4 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 5 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 4 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 5 * out) + VECTOR, ORDER);
        re = e2r.sub(o2i);
        im = e2i.add(o2r);
        w = broadcast(SPECIES, twiddles[at + 5 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 5 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 6 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 5 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 6 * out) + VECTOR, ORDER);
        re = e3r.sub(o3r);
        im = e3i.sub(o3i);
        w = broadcast(SPECIES, twiddles[at + 6 * TWIDDLE]);
        re.fma(w, im.mul(twiddles[at + 6 * TWIDDLE + 2]))
            .intoMemorySegment(MEMORY, at(y + 7 * out), ORDER);
        im.fma(w, re.mul(twiddles[at + 6 * TWIDDLE + 1]))
            .intoMemorySegment(MEMORY, at(y + 7 * out) + VECTOR, ORDER);
      }
      y += step;
      if (--q == 0) {
        q = s;
        y += 7 * out;
        at += 7 * TWIDDLE;
      }
    }
  }
}
