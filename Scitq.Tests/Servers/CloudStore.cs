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

    public async ValueTask DisposeAsync() => await _remove();

    private static async Task<CloudStore> S3Async(string name)
    {
        var address = new Uri(TestEnvironment.Required("SCITQ_TEST_S3"));
        var user = address.UserInfo.Split(':');
        var endpoint = $"{address.Scheme}://{address.Host}:{address.Port}";
        var client = new AmazonS3Client(new BasicAWSCredentials(user[0], user[1]), new AmazonS3Config { ServiceURL = endpoint, ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        await client.PutBucketAsync(name);
        return new CloudStore("s3", name, new() { ["AWS_ENDPOINT_URL"] = endpoint, ["AWS_ACCESS_KEY_ID"] = user[0], ["AWS_SECRET_ACCESS_KEY"] = user[1] }, async () =>
        {
            while ((await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = name })).S3Objects is { Count: > 0 } left)
                await client.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = name, Objects = [.. left.Select(o => new KeyVersion { Key = o.Key })] });
            await client.DeleteBucketAsync(name);
            client.Dispose();
        });
    }

    private static async Task<CloudStore> AzureAsync(string name)
    {
        var endpoint = $"{TestEnvironment.Required("SCITQ_TEST_AZURE").TrimEnd('/')}/{AzureAccount}";
        var client = new BlobContainerClient($"DefaultEndpointsProtocol=http;AccountName={AzureAccount};AccountKey={AzureKey};BlobEndpoint={endpoint};", name);
        await client.CreateAsync();
        return new CloudStore("azure", name, new() { ["AZURE_STORAGE_ACCOUNT"] = AzureAccount, ["AZURE_STORAGE_KEY"] = AzureKey, ["AZURE_STORAGE_ENDPOINT"] = endpoint, ["AZURE_STORAGE_CONNECTION_STRING"] = null }, async () => await client.DeleteAsync());
    }
}
