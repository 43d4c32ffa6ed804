package dev.larmor.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.ref.Cleaner;

/**
 * The arrows between the modules, and what no class of Larmor may do. The rules live here since
 * only bench sees every module.
 */
@AnalyzeClasses(packages = "dev.larmor", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /** Nobody but bench knows a backend: it is reached by {@code Device.open} alone. */
  @ArchTest
  static final ArchRule MODULES =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.larmor..")
          .layer("engine")
          .definedBy("dev.larmor.engine..")
          .layer("kernels")
          .definedBy("dev.larmor.kernels..")
          .layer("autograd")
          .definedBy("dev.larmor.autograd..")
          .layer("models")
          .definedBy("dev.larmor.models..")
          .layer("bench")
          .definedBy("dev.larmor.bench..")
          .ensureAllClassesAreContainedInArchitecture()
          .whereLayer("engine")
          .mayNotAccessAnyLayer()
          .whereLayer("kernels")
          .mayOnlyAccessLayers("engine")
          .whereLayer("autograd")
          .mayOnlyAccessLayers("engine")
          .whereLayer("models")
          .mayOnlyAccessLayers("engine", "autograd")
          .whereLayer("bench")
          .mayNotBeAccessedByAnyLayer();

  /** No such rule for engine: its two packages are one room, an op being a record over tensors. */
  @ArchTest
  static final ArchRule NO_CYCLES_IN_KERNELS =
      slices().matching("dev.larmor.kernels.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule NO_CYCLES_IN_MODELS =
      slices().matching("dev.larmor.models.(*)..").should().beFreeOfCycles();

  /** Memory is given back where it was taken, never when a collector gets round to it. */
  @ArchTest
  static final ArchRule MEMORY_IS_OURS =
      noClasses()
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Cleaner.class)
          .orShould()
          .callMethod(System.class, "gc")
          .orShould()
          .callMethod(Runtime.class, "gc");

  @ArchTest
  static final ArchRule NAMES_SAY_WHAT_A_CLASS_IS =
      noClasses().should().haveNameMatching(".*(Utils?|Helper|Manager|Impl)");

  /** A rule that cannot fail is none: planted classes break each. */
  @ArchTest
  static void rulesFailOnPlantedClasses(JavaClasses all) {
    JavaClasses planted =
        new ClassFileImporter()
            .importPackages("dev.larmor.models.planted", "dev.larmor.models.sown");
    assertFails(MODULES, planted, "ReachesAroundDevice");
    assertFails(NO_CYCLES_IN_MODELS, planted, "Cycle detected");
    assertFails(MEMORY_IS_OURS, planted, "AsksTheCollectorUtil");
    assertFails(NAMES_SAY_WHAT_A_CLASS_IS, planted, "AsksTheCollectorUtil");
  }

  private static void assertFails(ArchRule rule, JavaClasses classes, String expected) {
    String message = assertThrows(AssertionError.class, () -> rule.check(classes)).getMessage();
    assertTrue(message.contains(expected), message);
  }
}
