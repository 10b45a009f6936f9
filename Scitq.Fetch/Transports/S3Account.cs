using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.Util;

namespace Scitq.Fetch.Transports;

/// <summary>The SDK's client for one account.</summary>
internal sealed class S3Account : IDisposable
{
    public S3Account(S3Options given, HttpClient http)
    {
        var endpoint = given.Endpoint ?? Variable("AWS_ENDPOINT_URL_S3") ?? Variable("AWS_ENDPOINT_URL");
        var region = given.Region ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION");
        var config = new AmazonS3Config
        {
            MaxErrorRetry = 0,
            // Stalls are noticed by what moves, whatever a whole request takes.
            Timeout = Timeout.InfiniteTimeSpan,
            HttpClientFactory = new OneClient(http),
        };
        if (given.Profile is { } profile) config.Profile = new Profile(profile);
        if (endpoint is not null)
        {
            config.ServiceURL = endpoint;
            config.ForcePathStyle = true;
            config.AuthenticationRegion = region ?? "us-east-1";
            // Servers other than AWS answer 400 to checksums they do not know.
            config.RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED;
            config.ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED;
            IsSecure = endpoint.StartsWith("https", StringComparison.OrdinalIgnoreCase);
        }
        else if ((region ?? (config.RegionEndpoint is null ? "us-east-1" : null)) is { } named)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(named);
        }

        var credentials = given switch
        {
            { AccessKeyId: { } id, SecretAccessKey: { } secret } => new BasicAWSCredentials(id, secret),
            { Profile: { } name } => new CredentialProfileStoreChain().TryGetAWSCredentials(name, out var found)
                ? found
                : throw new AmazonClientException($"There is no AWS profile '{name}'"),
            // Where the machine's role is asked for, that may fail now and not later.
            _ => (AWSCredentials?)null,
        };
        Client = credentials is null ? new AmazonS3Client(config) : new AmazonS3Client(credentials, config);
        if (Uri.TryCreate(endpoint, UriKind.Absolute, out var server) && server.Scheme is "http" or "https")
            Reader = new S3Reader(server, config, credentials, http);
        // Over TLS the SDK does that itself. Elsewhere the signature of the MD5 is one of the payload too, and it need not be hashed again.
        Client.BeforeRequestEvent += (_, e) =>
        {
            if (e is WebServiceRequestEventArgs { Request: PutObjectRequest { MD5Digest: not null } or UploadPartRequest { MD5Digest: not null } } put
                && !IsSecure) put.Headers[HeaderKeys.XAmzContentSha256Header] = "UNSIGNED-PAYLOAD";
        };
    }

    public AmazonS3Client Client { get; }

    /// <summary>Whether payloads go over TLS, and need no signature of their own.</summary>
    public bool IsSecure { get; } = true;

    /// <summary>Null for AWS itself, where only the SDK knows which address a bucket has.</summary>
    public S3Reader? Reader { get; }

    public void Dispose() => Client.Dispose();

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private sealed class OneClient(HttpClient client) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => client;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
