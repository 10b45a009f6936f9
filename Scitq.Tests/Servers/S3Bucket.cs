using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Scitq.Tests.Servers;

/// <summary>A bucket of the test's own on the S3 server of <c>SCITQ_TEST_S3</c>.</summary>
public sealed class S3Bucket : IAsyncDisposable
{
    private S3Bucket(string name, AmazonS3Client client, IReadOnlyDictionary<string, string?> environment) =>
        (Name, Client, Environment) = (name, client, environment);

    public string Name { get; }

    public AmazonS3Client Client { get; }

    /// <summary>What a program needs to reach it.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    public static async Task<S3Bucket> CreateAsync(string prefix = "scitq-")
    {
        var server = Server();
        var client = new AmazonS3Client(
            new BasicAWSCredentials(server["AWS_ACCESS_KEY_ID"], server["AWS_SECRET_ACCESS_KEY"]),
                new AmazonS3Config { ServiceURL = server["AWS_ENDPOINT_URL"], ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        var name = prefix + Guid.NewGuid().ToString("N")[..12];
        await client.PutBucketAsync(name);
        return new S3Bucket(name, client, server);
    }

    /// <summary>What a program needs to reach the server.</summary>
    public static IReadOnlyDictionary<string, string?> Server()
    {
        var address = new Uri(TestEnvironment.Required("SCITQ_TEST_S3"));
        var user = address.UserInfo.Split(':');
        var endpoint = address.GetLeftPart(UriPartial.Scheme) + address.Authority.Split('@')[^1];
        return new Dictionary<string, string?>
            { ["AWS_ACCESS_KEY_ID"] = user[0], ["AWS_SECRET_ACCESS_KEY"] = user[1], ["AWS_ENDPOINT_URL"] = endpoint, ["AWS_REGION"] = "us-east-1" };
    }

    /// <summary>The URI of a key.</summary>
    public string Uri(string key) => $"s3://{Name}/{key}";

    public Task PutAsync(string key, string text) => PutAsync(key, Encoding.UTF8.GetBytes(text));

    public Task PutAsync(string key, byte[] content) =>
        Client.PutObjectAsync(new PutObjectRequest { BucketName = Name, Key = key, InputStream = new MemoryStream(content) });

    public async Task<string> GetAsync(string key)
    {
        using var response = await Client.GetObjectAsync(Name, key);
        using var reader = new StreamReader(response.ResponseStream);
        return await reader.ReadToEndAsync();
    }

    /// <summary>All keys, in their order.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync() =>
        await Client.Paginators.ListObjectsV2(new ListObjectsV2Request { BucketName = Name }).S3Objects.Select(o => o.Key).ToListAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var some in (await KeysAsync()).Chunk(1000))
            await Client.DeleteObjectsAsync(new DeleteObjectsRequest { BucketName = Name, Objects = [.. some.Select(key => new KeyVersion { Key = key })] });
        await Client.DeleteBucketAsync(Name);
        Client.Dispose();
    }
}
