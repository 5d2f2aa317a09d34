import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.NpmPackageValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * Runs the HL7 validator, R4, on every *.json of a folder: a line for each error, "file TAB severity TAB place TAB message".
 * Arguments: the folder; a folder with definitions of the site; then the names of packages that lie on the class path.
 * Code systems that nobody has loaded (LOINC, SNOMED CT) are warnings; an extension that is defined nowhere is an error.
 */
public class Validate {
    /** Said of each StructureDefinition where the engine runs without a package cache; that its snapshot can be made shows where it is used. */
    static final String NO_PACKAGE_MANAGER = "Unable to resolve package id hl7.fhir.r4.core#null";

    public static void main(String[] args) throws IOException {
        FhirContext fhir = FhirContext.forR4();
        NpmPackageValidationSupport packages = new NpmPackageValidationSupport(fhir);
        for (int i = 2; i < args.length; i++) {
            packages.loadPackageFromClasspath("classpath:" + args[i]);
        }
        PrePopulatedValidationSupport own = new PrePopulatedValidationSupport(fhir);
        for (Path file : files(Path.of(args[1]))) {
            IBaseResource resource = fhir.newJsonParser().parseResource(Files.readString(file));
            own.addResource(resource);
        }
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(fhir);
        FhirInstanceValidator instance = new FhirInstanceValidator(new ValidationSupportChain(
            own, packages, new Core(fhir), new CommonCodeSystemsTerminologyService(fhir),
            new InMemoryTerminologyServerValidationSupport(fhir), new SnapshotGeneratingValidationSupport(fhir), unknown));
        instance.setAnyExtensionsAllowed(false);
        instance.setErrorForUnknownProfiles(false);
        instance.setCustomExtensionDomains("http://hl7.org/fhir/uv/subscriptions-backport/"); // a guide whose definitions no package registry has
        instance.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
        var validator = fhir.newValidator().registerValidatorModule(instance);
        int warnings = 0;
        for (Path file : files(Path.of(args[0]))) {
            ValidationResult result = validator.validateWithResult(Files.readString(file));
            for (SingleValidationMessage m : result.getMessages()) {
                if (m.getMessage().contains(NO_PACKAGE_MANAGER)) {
                    continue;
                }
                if (m.getSeverity().ordinal() >= ResultSeverityEnum.ERROR.ordinal()) {
                    System.out.println(String.join("\t", file.getFileName().toString(), m.getSeverity().getCode(), m.getLocationString(), m.getMessage().replaceAll("\\s+", " ")));
                } else if (m.getSeverity() == ResultSeverityEnum.WARNING) {
                    warnings++;
                    if (System.getenv("WARNINGS") != null) {
                        System.err.println(file.getFileName() + "\t" + m.getLocationString() + "\t" + m.getMessage());
                    }
                }
            }
        }
        System.err.println(files(Path.of(args[0])).size() + " resources, " + warnings + " warnings");
    }

    /** The definitions of R4 itself, which guides name with their version. */
    static class Core extends DefaultProfileValidationSupport {
        Core(FhirContext fhir) {
            super(fhir);
        }

        @Override
        public IBaseResource fetchStructureDefinition(String url) {
            return super.fetchStructureDefinition(url.endsWith("|4.0.1") ? url.substring(0, url.length() - 6) : url);
        }
    }

    static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return found.filter(p -> p.toString().endsWith(".json")).sorted().toList();
        }
    }
}
