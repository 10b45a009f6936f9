using Azure.Storage.Blobs;

namespace Scitq.Tests.Servers;

/// <summary>A bucket or container of one's own on the shared servers, and the environment that tells a program of ours how to reach it.</summary>
internal sealed class CloudStore : IAsyncDisposable
{
    // The account every Azurite has; no secret.
    public const string AzureAccount = "devstoreaccount1";
    public const string AzureKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private readonly Func<Task> _remove;

    private CloudStore(string scheme, string name, IReadOnlyDictionary<string, string?> environment, Func<Task> remove) =>
        (Root, Environment, _remove) = ($"{scheme}://{name}", environment, remove);

    /// <summary>Without a final slash: <c>s3://bucket</c>.</summary>
    public string Root { get; }

    public IReadOnlyDictionary<string, string?> Environment { get; }

    public static async Task<CloudStore> CreateAsync(string scheme)
    {
        return scheme == "s3" ? await S3Async() : await AzureAsync($"scitq-{Guid.NewGuid():N}"[..20]);
    }

    /// <summary>What a program needs to reach all stores of this scheme.</summary>
    public static IReadOnlyDictionary<string, string?> Credentials(string scheme)
    {
        if (scheme != "s3")
            return new Dictionary<string, string?>
                { ["AZURE_STORAGE_ACCOUNT"] = AzureAccount, ["AZURE_STORAGE_KEY"] = AzureKey, ["AZURE_STORAGE_ENDPOINT"] = AzureEndpoint(),
                ["AZURE_STORAGE_CONNECTION_STRING"] = null };
        return S3Bucket.Server();
    }

    public async ValueTask DisposeAsync() => await _remove();

    private static async Task<CloudStore> S3Async()
    {
        var bucket = await S3Bucket.CreateAsync();
        return new CloudStore("s3", bucket.Name, bucket.Environment, async () => await bucket.DisposeAsync());
    }

    private static async Task<CloudStore> AzureAsync(string name)
    {
        var client = new BlobContainerClient(
            $"DefaultEndpointsProtocol=http;AccountName={AzureAccount};AccountKey={AzureKey};BlobEndpoint={AzureEndpoint()};", name);
        await client.CreateIfNotExistsAsync();
        return new CloudStore("azure", name, Credentials("azure"), async () => await client.DeleteAsync());
    }

    private static string AzureEndpoint() => $"{TestEnvironment.Required("SCITQ_TEST_AZURE").TrimEnd('/')}/{AzureAccount}";
}
