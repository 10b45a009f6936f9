using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.Runtime.Internal.Auth;
using Amazon.S3;
using Scitq.Fetch.Transfers;

namespace Scitq.Fetch.Transports;

/// <summary>
/// Reads objects of a server whose address is known. The SDK's pipeline does the same for more processor time than all else that a small file takes;
/// what is refused is asked for by the SDK once more, which knows why.
/// </summary>
internal sealed class S3Reader(Uri server, AmazonS3Config config, AWSCredentials? credentials, HttpClient http)
{
    // The SHA-256 of no content.
    private const string NoContent = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private readonly string _origin = server.GetLeftPart(UriPartial.Authority);
    private readonly string _root = server.AbsolutePath.TrimEnd('/');

    /// <summary>Begins to read, only this version if one is given; null if it is refused.</summary>
    /// <exception cref="TransientException">The server is in trouble.</exception>
    public async Task<HttpResponseMessage?> OpenAsync(string bucket, string key, string? version, (long From, long? Length)? range, CancellationToken ct)
    {
        var path = $"{_root}/{string.Join('/', $"{bucket}/{key}".Split('/').Select(Uri.EscapeDataString))}";
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(_origin + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        await SignAsync(request, path);
        if (version is not null) request.Headers.TryAddWithoutValidation("If-Match", version);
        if (range is var (from, length)) request.Headers.Range = new RangeHeaderValue(from, length is null ? null : from + length - 1);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (response.StatusCode == (range is null ? HttpStatusCode.OK : HttpStatusCode.PartialContent)) return response;
        using (response)
            return response.StatusCode >= HttpStatusCode.InternalServerError
                ? throw new TransientException($"the server answered {(int)response.StatusCode}.")
                : null;
    }

    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
    private async Task SignAsync(HttpRequestMessage request, string path)
    {
        var who = await (credentials ?? await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync(config)).GetCredentialsAsync();
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        List<(string Name, string Value)> headers = [("host", server.Authority), ("x-amz-content-sha256", NoContent),
            ("x-amz-date", now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture))];
        if (who.UseToken) headers.Add(("x-amz-security-token", who.Token));
        var names = string.Join(';', headers.Select(h => h.Name));
        var canonical = $"GET\n{path}\n\n{string.Concat(headers.Select(h => $"{h.Name}:{h.Value}\n"))}\n{names}\n{NoContent}";
        headers.Add(("Authorization", AWS4Signer.ComputeSignature(who, config.AuthenticationRegion, now, "s3", names, canonical).ForAuthorizationHeader));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
    }
}
