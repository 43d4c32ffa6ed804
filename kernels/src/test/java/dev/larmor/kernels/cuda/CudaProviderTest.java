package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.kernels.ChildProcess;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The one sentence that each obstacle is reported with, in a process of its own. */
class CudaProviderTest {
  @TempDir static Path driver;
  @TempDir Path directory;

  /** Opens the device named by the first argument, or lists the cards. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] args) {
      try {
        if (args[0].equals("list")) {
          new CudaProvider()
              .found()
              .forEach((name, line) -> System.out.println(name + ": " + line));
          return;
        }
        try (Device device = Device.open(args[0])) {
          System.out.println(device.name());
        }
      } catch (DeviceException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @SuppressWarnings("restricted") // looking is all
  private static void assumeNo(String library) {
    boolean there;
    try {
      SymbolLookup.libraryLookup(library, Arena.global());
      there = true;
    } catch (IllegalArgumentException _) {
      there = false;
    }
    assumeTrue(!there, library + " is installed");
  }

  @Test
  void noDriver() throws Exception {
    assumeNo("libcuda.so.1");
    String sentence = "no NVIDIA driver is installed: libcuda.so.1 is not found";
    assertEquals(sentence, new ChildProcess().run(Opener.class, "cuda:0"));
    assertEquals(sentence, new ChildProcess().run(Opener.class, "list"));
    assertEquals("cpu", new ChildProcess().run(Opener.class, "auto"));
  }

  @Test
  void noCard() throws Exception {
    ChildProcess process = StandIn.driver(driver).with("STANDIN_INIT", 100);
    assertEquals(
        "NVIDIA's driver finds no card (CUDA_VISIBLE_DEVICES is '0')",
        process.run(Opener.class, "cuda"));
    assertEquals("cpu", process.run(Opener.class, "auto"));
  }

  @Test
  void driverOfAnotherVersionThanTheKernels() throws Exception {
    assertEquals(
        "NVIDIA's driver does not start: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (what the driver says)",
        StandIn.driver(driver).with("STANDIN_INIT", 803).run(Opener.class, "cuda:0"));
  }

  @Test
  void driverTooOld() throws Exception {
    assertEquals(
        "NVIDIA's driver is too old: it knows CUDA 10.2, and CUDA 11.8 needs driver 450.80.02 or"
            + " later",
        StandIn.driver(driver).with("STANDIN_DRIVER", 10020).run(Opener.class, "cuda:0"));
  }

  @Test
  void cardTooOld() throws Exception {
    ChildProcess process = StandIn.driver(driver).with("STANDIN_CAPABILITY", 52);
    assertEquals(
        "cuda:0 is too old: Stand-in 0 has compute capability 5.2, and 6.0 is the least",
        process.run(Opener.class, "cuda:0"));
    assertEquals("cpu", process.run(Opener.class, "auto"));
  }

  @Test
  void noSuchCard() throws Exception {
    assertEquals(
        "there is no cuda:2: this machine has one card, cuda:0",
        StandIn.driver(driver).run(Opener.class, "cuda:2"));
    assertEquals(
        "there is no cuda:2: this machine has 2 cards, cuda:0 to cuda:1",
        StandIn.driver(driver).with("STANDIN_CARDS", 2).run(Opener.class, "cuda:2"));
    assertEquals(
        "'cuda:first' names no card: cuda:0 is the first",
        assertThrows(DeviceException.class, () -> Device.open("cuda:first")).getMessage());
  }

  @Test
  void librariesMissing() throws Exception {
    assumeNo("libcublas.so.11");
    assumeNo("libcudnn.so.8");
    String sentence = StandIn.driver(driver).run(Opener.class, "cuda:0");
    assertTrue(sentence.startsWith("CUDA's libraries are missing: libcublas.so.11, "), sentence);
    assertTrue(
        sentence.endsWith("; install CUDA 11.8 and cuDNN 8.6, or build with './mvnw -P cuda'"),
        sentence);
    assertEquals("cpu", StandIn.driver(driver).run(Opener.class, "auto"));
  }

  @Test
  void libraryThatIsNone() throws Exception {
    ChildProcess process = StandIn.card(directory);
    Files.writeString(directory.resolve("libcufft.so.10"), "no library");
    String sentence = process.run(Opener.class, "cuda:0");
    assertTrue( // after a warning of the JVM's
        sentence.endsWith(
            "libcufft.so.10 could not be loaded (if its file system is mounted noexec, set"
                + " LARMOR_CACHE to another place): "
                + directory.resolve("libcufft.so.10")
                + ": file too short"),
        sentence);
  }

  @Test
  void jcudaMissing() throws Exception {
    assertEquals(
        "the jar org.jcuda:jcuda-natives:11.7.0:linux-x86_64 (or one of its companions) is not on"
            + " the class path",
        StandIn.driver(driver)
            .with("LARMOR_CACHE", directory.resolve("cache"))
            .without("jcufft-natives")
            .run(Opener.class, "cuda:0"));
    assertEquals(
        "JCuda's jars are not on the class path",
        StandIn.driver(driver).without("jcuda-11").run(Opener.class, "cuda:0"));
  }

  /** A file that JCuda would have taken unseen. */
  @Test
  void whatOthersLeftInTheTemporaryDirectoryIsNotLoaded() throws Exception {
    Path temporary = Files.createDirectory(directory.resolve("tmp"));
    Files.writeString(
        temporary.resolve("libJCudaDriver-11.7.0-linux-x86_64.so"), "somebody else's");
    assertEquals(
        "cuda:0: Stand-in 0, compute capability 6.1, driver 11.8, 8.00 GiB, 6.00 GiB free",
        StandIn.driver(driver)
            .with("STANDIN_FREE", 6L << 30)
            .option("-Djava.io.tmpdir=" + temporary)
            .run(Opener.class, "list"));
  }

  @Test
  void budgetAboveWhatIsFree() {
    Driver card = withFree((long) (6.1 * (1L << 30)));
    DeviceConfig config = DeviceConfig.DEFAULT;
    assertDoesNotThrow(() -> CudaProvider.checkBudget("cuda:0", card, config));
    assertDoesNotThrow(() -> CudaProvider.checkBudget("cuda:0", card, config.withBudget(6L << 30)));
    assertEquals(
        "the budget of 7.20 GiB is more than the 6.10 GiB that are free on cuda:0 (NVIDIA GeForce"
            + " GTX 1080 of 8.00 GiB): another process holds the rest",
        refusal(card, config.withBudget(DeviceConfig.GTX1080_BUDGET)));
    assertFalse(refusal(card, config.withBudget(9L << 30)).contains("another process"));
  }

  private static String refusal(Driver driver, DeviceConfig config) {
    return assertThrows(
            DeviceException.class, () -> CudaProvider.checkBudget("cuda:0", driver, config))
        .getMessage();
  }

  private static Driver withFree(long bytes) {
    CardFacts card =
        new CardFacts("NVIDIA GeForce GTX 1080", 6, 1, 8L << 30, 20, 1.7e9, 320e9, 12040);
    return (Driver)
        Proxy.newProxyInstance(
            Driver.class.getClassLoader(),
            new Class<?>[] {Driver.class},
            (_, method, _) ->
                switch (method.getName()) {
                  case "freeBytes" -> bytes;
                  case "card" -> card;
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }
}
