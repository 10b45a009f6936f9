using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Azure.Storage.Blobs;

namespace Scitq.Tests.Servers;

/// <summary>A bucket or container of one's own on the shared servers, and the environment that tells a program of ours how to reach it.</summary>
internal sealed class CloudStore : IAsyncDisposable
{
    // The account every Azurite has; no secret.
    public const string AzureAccount = "devstoreaccount1";
    public const string AzureKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private readonly Func<Task> _remove;

    private CloudStore(string scheme, string name, Dictionary<string, string?> environment, Func<Task> remove) =>
        (Root, Environment, _remove) = ($"{scheme}://{name}", environment, remove);

    /// <summary>Without a final slash: <c>s3://bucket</c>.</summary>
    public string Root { get; }

    public IReadOnlyDictionary<string, string?> Environment { get; }

    public static async Task<CloudStore> CreateAsync(string scheme)
    {
        var name = $"scitq-{Guid.NewGuid():N}"[..20];
        return scheme == "s3" ? await S3Async(name) : await AzureAsync(name);
    }

    /// <summary>What a program needs to reach all stores of this scheme.</summary>
    public static Dictionary<string, string?> Credentials(string scheme)
    {
        if (scheme != "s3")
            return new() { ["AZURE_STORAGE_ACCOUNT"] = AzureAccount, ["AZURE_STORAGE_KEY"] = AzureKey, ["AZURE_STORAGE_ENDPOINT"] = AzureEndpoint(), ["AZURE_STORAGE_CONNECTION_STRING"] = null };
        var (endpoint, user, secret) = S3Address();
        return new() { ["AWS_ENDPOINT_URL"] = endpoint, ["AWS_ACCESS_KEY_ID"] = user, ["AWS_SECRET_ACCESS_KEY"] = secret };
    }

    public async ValueTask DisposeAsync() => await _remove();

    private static async Task<CloudStore> S3Async(string name)
    {
        var (endpoint, user, secret) = S3Address();
        var client = new AmazonS3Client(new BasicAWSCredentials(user, secret), new AmazonS3Config { ServiceURL = endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        await client.PutBucketAsync(name);
        return new CloudStore("s3", name, Credentials("s3"), async () =>
        {
            while ((await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = name })).S3Objects is { Count: > 0 } left)
                await client.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = name, Objects = [.. left.Select(o => new KeyVersion { Key = o.Key })] });
            await client.DeleteBucketAsync(name);
            client.Dispose();
        });
    }

    private static async Task<CloudStore> AzureAsync(string name)
    {
        var client = new BlobContainerClient($"DefaultEndpointsProtocol=http;AccountName={AzureAccount};AccountKey={AzureKey};BlobEndpoint={AzureEndpoint()};", name);
        await client.CreateAsync();
        return new CloudStore("azure", name, Credentials("azure"), async () => await client.DeleteAsync());
    }

    private static (string Endpoint, string User, string Secret) S3Address()
    {
        var address = new Uri(TestEnvironment.Required("SCITQ_TEST_S3"));
        var user = address.UserInfo.Split(':');
        return ($"{address.Scheme}://{address.Host}:{address.Port}", user[0], user[1]);
    }

    private static string AzureEndpoint() => $"{TestEnvironment.Required("SCITQ_TEST_AZURE").TrimEnd('/')}/{AzureAccount}";
}
