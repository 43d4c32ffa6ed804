package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the program says to those who ask for help, and to those who mistype. */
final class CommandLineTest {
  private static final List<String> COMMANDS =
      List.of(
          "demo",
          "train",
          "reconstruct",
          "ensemble",
          "evaluate",
          "visualize",
          "simulate",
          "plan",
          "slurm-template",
          "info");

  @Test
  void helpNamesEveryCommand() {
    String help = Program.run("--help").succeeded().out();
    COMMANDS.forEach(command -> assertTrue(help.contains("  " + command + " "), help));
  }

  @Test
  void everyCommandHasHelp() {
    for (String command : COMMANDS) {
      String help = Program.run(command, "--help").succeeded().out();
      assertTrue(help.startsWith("Usage: larmor " + command), help);
      assertFalse(help.contains("${"), help);
    }
  }

  @Test
  void theVersionIsTheBuilds() {
    assertTrue(
        Program.run("--version").succeeded().out().strip().matches("larmor \\d+\\.\\d+\\.\\d+.*"));
  }

  @Test
  void info() {
    String info = Program.run("info").succeeded().out();
    assertTrue(info.contains("ref      reference in double precision"), info);
    assertTrue(info.contains(Runtime.version().toString()), info);
    // A line for each card, or why there is none.
    assertTrue(info.contains(System.lineSeparator() + "cuda:0   "), info);
  }

  @Test
  void noCommand() {
    Program.run().refused(2, "Missing command; see 'larmor --help'");
  }

  @Test
  void unknownCommand() {
    Program.run("trian")
        .refused(
            2,
            "Unknown command 'trian', expected one of demo, classify, train, recipe,"
                + " reconstruct, ensemble, evaluate, visualize, import, export, simulate, plan, slurm-template, ssl, info; see 'larmor --help'");
  }

  @Test
  void unknownOption() {
    Program.run("train", "--data=x", "--num-epoch=3")
        .refused(
            2,
            "Unknown option: '--num-epoch=3'; did you mean --num-epochs or --num-folds?"
                + " See 'larmor train --help'");
  }

  @Test
  void missingOption() {
    Program.run("train")
        .refused(2, "Missing required option: '--data=DIR'; see 'larmor train --help'");
    Program.run("reconstruct", "--data=x")
        .refused(
            2,
            "Give one of --checkpoint=FILE, --scenario=DIR and --zero-filled;"
                + " see 'larmor reconstruct --help'");
    Program.run("reconstruct", "--data=x", "--checkpoint=c", "--zero-filled")
        .refused(
            2,
            "Give one of --checkpoint=FILE, --scenario=DIR and --zero-filled;"
                + " see 'larmor reconstruct --help'");
    Program.run("evaluate", "--data=x")
        .refused(
            2, "Missing required option: '--reconstructions=DIR'; see 'larmor evaluate --help'");
  }

  /** Option; what is wrong with it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--num-epochs=many | Invalid value for option '--num-epochs': 'many' is not an int",
        "--num-epochs=0 | the number of epochs must be at least 1, not 0",
        "--num-epochs=-3 | the number of epochs must be at least 1, not -3",
        "--report-interval=0 | the report interval must be at least 1, not 0",
        "--accumulation-step=0 | the accumulation step must be at least 1, not 0",
        "--workers=0 | the number of workers must be at least 1, not 0",
        "--checkpoint-interval=0 | the checkpoint interval must be at least 1, not 0",
        "--acceleration=-4 | the acceleration must not be negative: -4",
        "--use-random-mask=2 | probability of random masks 2.0 outside [0, 1]",
        "--clip-norm=-1 | the bound on the gradients' norm must not be negative: -1.0",
        "--threads=0 | threads must be at least 1, not 0",
        "--budget=lots | Invalid value for option '--budget':"
            + " 'lots' is not a size; write it as 7.2GiB, 500MB or gtx1080",
        "--budget=0 | Invalid value for option '--budget': '0' is not a possible size of memory",
        "--feature-cascades=0 | feature_cascades must be at least 1, not 0",
        "--chans=0 | chans must be at least 1, not 0",
        "--chans=-8 | chans must be at least 1, not -8",
        "--pools=0 | pools must be in 1 … 8, not 0",
        "--sens-chans=0 | sens_chans must be at least 1, not 0",
        "--dropout=1 | dropout must be in [0, 1), not 1.0",
        "--precision=fp8 | unknown precision 'fp8', expected fp32, tf32, bf16 or fp16",
        "--model=unet | Invalid value for option '--model':"
            + " expected one of [fivarnet, varnet] (case-insensitive) but was 'unet'",
        "--criterion=MSE | unknown criterion 'MSE', expected one of SSIM, SSIM_L1, AnatomicalSSIM,"
            + " AnatomicalSSIM_L1, IndexBasedAnatomicalSSIM, IndexBasedAnatomicalSSIM_L1,"
            + " AreaBasedAnatomicalSSIM, AreaBasedAnatomicalSSIM_L1, SobelLoss",
        "--scheduler=steps | Invalid value for option '--scheduler': expected one of [constant,"
            + " cosine, warmup_cosine, double_warmup_cosine] (case-insensitive) but was 'steps'",
        "--scheduler=double_warmup_cosine |"
            + " --scheduler double_warmup_cosine wants --double-warmup w1,a1,w2,a2",
        "--betas=0.9 | --betas takes two numbers, not [0.9]",
        "--betas=0.9,1 | betas must be in [0, 1), not 0.9, 1.0",
        "--recompute=sometimes | Invalid value for option '--recompute':"
            + " expected one of [auto, always, never] (case-insensitive) but was 'sometimes'",
        "--log-format=xml | Invalid value for option '--log-format':"
            + " expected one of [bar, original] (case-insensitive) but was 'xml'"
      })
  void badValues(String line) {
    String[] parts = line.split(" \\| ");
    Program.run("train", "--data=nowhere", parts[0])
        .refused(2, parts[1] + "; see 'larmor train --help'");
  }

  @Test
  void doubleWarmupMustAddUp() {
    Program.run(
            "train",
            "--data=x",
            "--epochs=5",
            "--scheduler=double_warmup_cosine",
            "--double-warmup=1,1,1,1")
        .refused(
            2, "--double-warmup [1, 1, 1, 1] must add up to 5 epochs; see 'larmor train --help'");
  }

  @Test
  void anUnknownDevice() {
    Program.Result result = Program.run("simulate", "--out=x", "--device=tpu");
    assertEquals(2, result.code());
    assertTrue(
        result.err().startsWith("larmor: unknown device 'tpu': expected one of ["), result.err());
  }

  @Test
  void aPrecisionThatTheDeviceDoesNotHave() {
    Program.run("train", "--data=nowhere", "--device=cpu", "--precision=tf32")
        .refused(2, "the cpu has no TF32: use fp32 or bf16");
    Program.run("plan", "--precision=fp16")
        .refused(
            2,
            "meta:cpu does not compute in F16, which fp16 keeps feature maps in:"
                + " use fp32 or bf16");
  }

  @Test
  void stackTracesOnlyOnDemand() {
    Program.run("train", "--data=nowhere", "--device", Program.DEVICE)
        .refused(2, "nowhere/train: no such folder");
    String err =
        Program.run("train", "--data=nowhere", "--device", Program.DEVICE, "--stacktrace").err();
    assertTrue(err.startsWith("larmor: nowhere/train: no such folder"), err);
    assertTrue(err.contains("at dev.larmor.models.data.fastmri.VolumeSet.open"), err);
  }
}
