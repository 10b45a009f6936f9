using System.Collections.Concurrent;
using System.Xml;
using Azure;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using Scitq.Contracts;
using Scitq.Fetch.Http;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>The SDK's clients, one an account, with their retries left to us, and their errors by our classes.</summary>
internal sealed class AzureClient : IDisposable
{
    private readonly Services _services;
    private readonly HttpClient _http;
    private readonly ConcurrentDictionary<AzureOptions, Lazy<BlobServiceClient>> _accounts = new();

    public AzureClient(Services services)
    {
        _services = services;
        _http = new HttpClient(new CleanConnections(services.Options)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Makes one request, retried.</summary>
    public Task<T> CallAsync<T>(DataUri uri, Func<BlobContainerClient, Action, CancellationToken, Task<T>> request, CancellationToken ct) =>
        _services.Retrier.RunAsync(uri, c => OnceAsync(uri, request, c), ct);

    /// <summary>Makes one request, once.</summary>
    public async Task<T> OnceAsync<T>(DataUri uri, Func<BlobContainerClient, Action, CancellationToken, Task<T>> request, CancellationToken ct)
    {
        try
        {
            return await _services.Idle.WatchAsync((touch, c) => request(Account(AzureTransport.Container(uri)), touch, c), ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && Classify(uri, e) is { } fault)
        {
            throw fault;
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The account whose blobs <c>azure://</c> means; null when none is known.</summary>
    public static string? AccountOf(AzureOptions given)
    {
        if (given.Account is { } account) return account;
        var connection = given.ConnectionString ?? Variable("AZURE_STORAGE_CONNECTION_STRING");
        return connection is null
            ? Variable("AZURE_STORAGE_ACCOUNT") ?? Variable("SCITQ_AZURE_ACCOUNT")
            : connection.Split(';').Select(p => p.Split('=', 2)).FirstOrDefault(p => p is ["AccountName", _])?[1];
    }

    private static Exception? Classify(DataUri uri, Exception e)
    {
        var shown = Redacted.Of(uri);
        switch (e)
        {
            case XmlException or FormatException or OverflowException:
                // Of a proxy on the way, perhaps. A list with such a fault is no list.
                return new TransientException($"the server's answer cannot be read ({Redacted.Of(e.Message.TrimEnd('.'))}).", e);
            case RequestFailedException { Status: 412 }:
                return new SourceChangedException(uri);
            case RequestFailedException { ErrorCode: "ContainerNotFound" }:
                return new DataNotFoundException($"{shown}: there is no container '{AzureTransport.Container(uri)}'.", e) { IsOfAll = true };
            case RequestFailedException { ErrorCode: "AuthenticationFailed" or "InvalidAuthenticationInfo" } refused:
                return new AccessDeniedException(
                    $"{shown}: the server answered {refused.Status} {refused.ErrorCode}. Check AZURE_STORAGE_ACCOUNT and its key or token.", e)
                        { IsOfAll = true };
            case RequestFailedException { ErrorCode: "ContainerBeingDeleted" or "Md5Mismatch" or "OperationTimedOut" or "ServerBusy" } passing:
                return new TransientException($"the server answered {passing.ErrorCode}.", e);
            case RequestFailedException { Status: not 0 } answer:
                return Faults.OfStatus(answer.Status, shown, $"the server answered {answer.Status} {answer.ErrorCode}");
            case RequestFailedException or HttpRequestException:
                return Faults.OfConnection(e, shown, "the Azure server");
            case AuthenticationFailedException:
                return new AccessDeniedException(
                    $"{shown}: no identity to show to Azure: {e.Message.Split('\n')[0].Trim()} Set AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or log in "
                    + "with az, or name the account in a storage file.", e) { IsOfAll = true };
            default:
                return null;
        }
    }

    private BlobContainerClient Account(string container)
    {
        var given = _services.Options.Storage.ForContainer(container) ?? _services.Options.Azure;
        return _accounts.GetOrAdd(given, g => new Lazy<BlobServiceClient>(() => Create(g))).Value.GetBlobContainerClient(container);
    }

    private BlobServiceClient Create(AzureOptions given)
    {
        var options = new BlobClientOptions
            { Transport = new HttpClientTransport(_http), Retry = { MaxRetries = 0, NetworkTimeout = Timeout.InfiniteTimeSpan } };
        var connection = given.ConnectionString ?? (given.Account is null ? Variable("AZURE_STORAGE_CONNECTION_STRING") : null);
        try
        {
            if (connection is not null) return new BlobServiceClient(connection, options);
            var account = AccountOf(given)
                ?? throw new AccessDeniedException("No Azure storage account is known: set AZURE_STORAGE_ACCOUNT, or AZURE_STORAGE_CONNECTION_STRING.")
                    { IsOfAll = true };
            // The environment's key of one account must not be shown to another.
            var known = Variable("AZURE_STORAGE_ACCOUNT") ?? Variable("SCITQ_AZURE_ACCOUNT");
            string? Own(string name) => known is null || known == account ? Variable(name) : null;
            var endpoint = new Uri(given.Endpoint ?? Own("AZURE_STORAGE_ENDPOINT") ?? $"https://{account}.blob.core.windows.net");
            var key = given.Key ?? (given.SasToken is null ? Own("AZURE_STORAGE_KEY") ?? Own("SCITQ_AZURE_KEY") : null);
            var token = given.SasToken ?? Own("AZURE_STORAGE_SAS_TOKEN");
            return key is not null ? new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), options)
                : token is not null ? new BlobServiceClient(endpoint, new AzureSasCredential(token.TrimStart('?')), options)
                : new BlobServiceClient(endpoint, new DefaultAzureCredential(), options);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // The message of the original may quote the secret.
            throw new AccessDeniedException("The Azure connection string, key, token or endpoint is malformed.") { IsOfAll = true };
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
