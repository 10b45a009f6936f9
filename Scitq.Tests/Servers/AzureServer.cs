namespace Scitq.Tests.Servers;

/// <summary>The Azurite of <c>SCITQ_TEST_AZURE</c>, the URL of its blob service.</summary>
public static class AzureServer
{
    // The account every Azurite has; no secret.
    public const string Account = "devstoreaccount1";
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public static string Endpoint => $"{TestEnvironment.Required("SCITQ_TEST_AZURE").TrimEnd('/')}/{Account}";

    /// <summary>What a program needs to reach it.</summary>
    public static IReadOnlyDictionary<string, string?> Environment =>
        new Dictionary<string, string?> { ["AZURE_STORAGE_ACCOUNT"] = Account, ["AZURE_STORAGE_KEY"] = Key, ["AZURE_STORAGE_ENDPOINT"] = Endpoint };
}
