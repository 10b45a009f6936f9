using System.Collections.Concurrent;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;
using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>The SDK's clients, one an account, with their retries left to us, and their errors by our classes.</summary>
internal sealed class S3Client : IDisposable
{
    private readonly ConcurrentDictionary<S3Options, Lazy<S3Account>> _accounts = new();
    private readonly Services _services;
    private readonly HttpClient _http;

    public S3Client(Services services)
    {
        _services = services;
        _http = new HttpClient(new CleanConnections(services.Options)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Whether payloads go over TLS, and need no signature of their own.</summary>
    public bool IsSecure(DataUri uri) => Account(uri).IsSecure;

    /// <summary>Makes one request, retried.</summary>
    public Task<T> CallAsync<T>(DataUri uri, Func<AmazonS3Client, Action, CancellationToken, Task<T>> request, CancellationToken ct) =>
        _services.Retrier.RunAsync(uri, c => OnceAsync(uri, request, c), ct);

    /// <summary>Makes one request, once.</summary>
    public Task<T> OnceAsync<T>(DataUri uri, Func<AmazonS3Client, Action, CancellationToken, Task<T>> request, CancellationToken ct) =>
        ClassifiedAsync(uri, (account, touch, c) => request(account.Client, touch, c), ct);

    /// <summary>Begins to read an object the quick way; null where only the SDK can.</summary>
    public Task<HttpResponseMessage?> OpenAsync(DataUri uri, string key, string? version, (long From, long? Length)? range, CancellationToken ct) =>
        ClassifiedAsync(
            uri, (account, _, c) =>
            account.Reader?.OpenAsync(S3Transport.Bucket(uri), key, version, range, c) ?? Task.FromResult<HttpResponseMessage?>(null), ct);

    private async Task<T> ClassifiedAsync<T>(DataUri uri, Func<S3Account, Action, CancellationToken, Task<T>> request, CancellationToken ct)
    {
        try
        {
            return await _services.Idle.WatchAsync((touch, c) => request(Account(uri), touch, c), ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && Classify(uri, e) is { } fault)
        {
            throw fault;
        }
    }

    public void Dispose()
    {
        foreach (var account in _accounts.Values)
            if (account.IsValueCreated) account.Value.Dispose();
        _http.Dispose();
    }

    private static Exception? Classify(DataUri uri, Exception e)
    {
        var shown = Redacted.Of(uri);
        switch (e)
        {
            case AmazonUnmarshallingException or XmlException or FormatException or OverflowException:
                // Of a proxy on the way, perhaps. A list with such a fault is no list.
                return new TransientException($"the server's answer cannot be read ({Redacted.Of((e.InnerException ?? e).Message.TrimEnd('.'))}).", e);
            case AmazonServiceException { StatusCode: System.Net.HttpStatusCode.PreconditionFailed }:
                return new SourceChangedException(uri);
            case AmazonServiceException { ErrorCode: "NoSuchBucket" }:
                return new DataNotFoundException($"{shown}: there is no bucket '{S3Transport.Bucket(uri)}'.", e) { IsOfAll = true };
            case AmazonServiceException { ErrorCode: "InvalidBucketName" }:
                return new BadUriException($"{shown}: no bucket can have the name '{S3Transport.Bucket(uri)}'.", e) { IsOfAll = true };
            case AmazonServiceException { ErrorCode: "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "ExpiredToken" } refused:
                return new AccessDeniedException(
                    $"{shown}: the server answered {(int)refused.StatusCode} {refused.ErrorCode}. Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the "
                    + "profile.", e) { IsOfAll = true };
            case AmazonServiceException { ErrorCode: "RequestTimeout" or "BadDigest" or "SlowDown" or "RequestTimeTooSkewed" or "OperationAborted" } passing:
                return new TransientException($"the server answered {passing.ErrorCode}.", e);
            case AmazonServiceException { StatusCode: not 0 } answer:
                return Faults.OfStatus((int)answer.StatusCode, shown,
                    $"the server answered {(int)answer.StatusCode} {answer.ErrorCode}{(answer.ErrorCode == answer.Message ? "" : $" ({answer.Message})")}");
            case AmazonServiceException or HttpRequestException:
                return Faults.OfConnection(e, shown, "the S3 server");
            case OperationCanceledException:
                return new TransientException("the S3 server did not answer in time.", e);
            case AmazonClientException:
                // Its first sentence; what follows are the troubles of every place it has looked at, over many lines.
                return new AccessDeniedException(
                    $"{shown}: {e.Message.Split('\n')[0].Split(". ")[0].TrimEnd('.')}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or "
                    + "name them in a storage file.", e) { IsOfAll = true };
            default:
                return null;
        }
    }

    private S3Account Account(DataUri uri)
    {
        var given = _services.Options.Storage.ForBucket(S3Transport.Bucket(uri)) ?? _services.Options.S3;
        return _accounts.GetOrAdd(given, g => new Lazy<S3Account>(() => new S3Account(g, _http))).Value;
    }
}
