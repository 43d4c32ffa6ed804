package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.cli.Program.Result;
import org.junit.jupiter.api.Test;

final class PlanCommandTest {
  @Test
  void thePublishedNetworkOnAnEightGigabyteCard() {
    String out =
        Program.run("plan", "--model=fivarnet", "--shape=16x768x396", "--card=gtx1080")
            .succeeded()
            .out();
    for (String part :
        new String[] {
          "fivarnet_f8_i2_attn0_c32_s8 (78,282,707 parameters), fp32, slice 16x768x396 to 384x384",
          "recomputed in the backward pass: feature_cascades",
          "training step",
          "  optimizer    597.31 MiB",
          "  by module",
          "image_cascades.1",
          "TFLOP",
          "s (roofline)",
          "reconstruction",
          "the training step fits into 7.20 GiB"
        }) {
      assertTrue(out.contains(part), part + " in " + out);
    }
  }

  @Test
  void whatDoesNotFit() {
    Result result = Program.run("plan", "--shape=16x768x396", "--card=gtx1080", "--budget=1GiB");
    assertEquals(1, result.code());
    assertTrue(result.out().contains("the training step does NOT fit into 1.00 GiB"), result.out());
    result = Program.run("plan", "--shape=16x768x396", "--card=gtx1080", "--recompute=never");
    assertEquals(1, result.code());
    assertTrue(result.out().contains("does NOT fit into 7.20 GiB"), result.out());
  }

  @Test
  void theProcessorHasNoLimitOfItsOwn() {
    String out =
        Program.run("plan", "--shape=4x96x80", "--crop=80", "--chans=4", "--device=cpu")
            .succeeded()
            .out();
    assertTrue(out.contains("recomputed in the backward pass: nothing"), out);
  }

  @Test
  void isOfThePrecision() {
    Program.run("plan", "--card=gtx1080", "--precision=bf16")
        .refused(
            2,
            "meta:gtx1080 does not compute in BF16, which bf16 keeps feature maps in:"
                + " use fp32 or fp16");
    Program.run("plan", "--card=gtx1080", "--precision=tf32")
        .refused(
            2,
            "GeForce GTX 1080 has no TF32, which came with compute capability 8.0:"
                + " use fp32 or fp16");
    String out =
        Program.run(
                "plan",
                "--shape=4x96x80",
                "--crop=80",
                "--chans=4",
                "--card=gtx1080",
                "--precision=fp16")
            .succeeded()
            .out();
    assertTrue(out.contains("parameters), fp16, slice 4x96x80"), out);
  }

  @Test
  void mistakes() {
    Program.run("plan", "--shape=4x4")
        .refused(
            2,
            "Invalid value for option '--shape': '4x4' is not a slice;"
                + " write coils x H x W as 15x640x372; see 'larmor plan --help'");
    Program.run("plan", "--shape=0x640x372")
        .refused(
            2,
            "a slice of 0x640x372 to an image of 384: sizes start at 1; see 'larmor plan --help'");
    Program.Result none = Program.run("plan", "--device=cuda:77");
    assertEquals(2, none.code());
    assertTrue(
        none.err()
            .strip()
            .matches(
                "larmor: --device cuda:77 can not be asked \\(.*\\): name a --card;"
                    + " see 'larmor plan --help'"),
        none.err());
    String err = Program.run("plan", "--card=voodoo").err();
    assertTrue(err.startsWith("larmor: unknown dry run 'meta:voodoo': expected one of "), err);
  }
}
