using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.S3;
using Amazon.S3.Model;
using Amazon.Util;
using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>The SDK's client, with its retries left to us, and its errors by our classes.</summary>
internal sealed class S3Client : IDisposable
{
    private readonly Lazy<AmazonS3Client> _client;
    private readonly Services _services;
    private readonly HttpClient _http;

    public S3Client(Services services)
    {
        _services = services;
        _http = new HttpClient(new CleanConnections(services.Options)) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new Lazy<AmazonS3Client>(Create);
    }

    /// <summary>Whether payloads go over TLS, and need no signature of their own.</summary>
    public bool IsSecure { get; private set; } = true;

    /// <summary>Makes one request, retried.</summary>
    public Task<T> CallAsync<T>(DataUri uri, Func<AmazonS3Client, Action, CancellationToken, Task<T>> request, CancellationToken ct) =>
        _services.Retrier.RunAsync(uri, c => OnceAsync(uri, request, c), ct);

    /// <summary>Makes one request, once.</summary>
    public async Task<T> OnceAsync<T>(DataUri uri, Func<AmazonS3Client, Action, CancellationToken, Task<T>> request, CancellationToken ct)
    {
        try
        {
            return await _services.Idle.WatchAsync((touch, c) => request(_client.Value, touch, c), ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && Classify(uri, e) is { } fault)
        {
            throw fault;
        }
    }

    public void Dispose()
    {
        if (_client.IsValueCreated) _client.Value.Dispose();
        _http.Dispose();
    }

    private static Exception? Classify(DataUri uri, Exception e)
    {
        var shown = Redacted.Of(uri);
        switch (e)
        {
            case AmazonServiceException { StatusCode: System.Net.HttpStatusCode.PreconditionFailed }:
                return new SourceChangedException(uri);
            case AmazonServiceException { ErrorCode: "NoSuchBucket" }:
                return new DataNotFoundException($"{shown}: there is no bucket '{S3Transport.Bucket(uri)}'.", e) { IsOfAll = true };
            case AmazonServiceException { ErrorCode: "InvalidBucketName" }:
                return new BadUriException($"{shown}: no bucket can have the name '{S3Transport.Bucket(uri)}'.", e) { IsOfAll = true };
            case AmazonServiceException { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" } refused:
                return new AccessDeniedException($"{shown}: the server answered {(int)refused.StatusCode} {refused.ErrorCode}. Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile.", e) { IsOfAll = true };
            case AmazonServiceException { ErrorCode: "RequestTimeout" or "BadDigest" or "SlowDown" or "RequestTimeTooSkewed" or "OperationAborted" } passing:
                return new TransientException($"the server answered {passing.ErrorCode}.", e);
            case AmazonServiceException { StatusCode: not 0 } answer:
                return Faults.OfStatus((int)answer.StatusCode, shown, $"the server answered {(int)answer.StatusCode} {answer.ErrorCode}{(answer.ErrorCode == answer.Message ? "" : $" ({answer.Message})")}");
            case AmazonServiceException or HttpRequestException:
                return Faults.OfConnection(e, shown, "the S3 server");
            case OperationCanceledException:
                return new TransientException("the S3 server did not answer in time.", e);
            case AmazonClientException:
                return new AccessDeniedException($"{shown}: {e.Message.TrimEnd('.')}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.", e) { IsOfAll = true };
            default:
                return null;
        }
    }

    private AmazonS3Client Create()
    {
        var (given, options) = (_services.Options.S3, _services.Options);
        var endpoint = given.Endpoint ?? Variable("AWS_ENDPOINT_URL_S3") ?? Variable("AWS_ENDPOINT_URL");
        var region = given.Region ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION");
        var config = new AmazonS3Config
        {
            MaxErrorRetry = 0,
            // Stalls are noticed by what moves, whatever a whole request takes.
            Timeout = Timeout.InfiniteTimeSpan,
            HttpClientFactory = new OneClient(_http),
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

        var client = Create(given, config);
        // Over TLS the SDK does that itself. Elsewhere the signature of the MD5 is one of the payload too, and it need not be hashed again.
        client.BeforeRequestEvent += (_, e) =>
        {
            if (e is WebServiceRequestEventArgs { Request: PutObjectRequest { MD5Digest: not null } or UploadPartRequest { MD5Digest: not null } } put && !IsSecure) put.Headers[HeaderKeys.XAmzContentSha256Header] = "UNSIGNED-PAYLOAD";
        };
        return client;
    }

    private static AmazonS3Client Create(S3Options given, AmazonS3Config config)
    {
        if (given is { AccessKeyId: { } id, SecretAccessKey: { } secret }) return new AmazonS3Client(new BasicAWSCredentials(id, secret), config);
        if (given.Profile is not { } name) return new AmazonS3Client(config);
        return new CredentialProfileStoreChain().TryGetAWSCredentials(name, out var credentials)
            ? new AmazonS3Client(credentials, config)
            : throw new AmazonClientException($"There is no AWS profile '{name}'");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private sealed class OneClient(HttpClient client) : HttpClientFactory
    {
        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => client;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }
}
