using System.IO.Enumeration;

namespace Scitq.Fetch;

/// <summary>
/// Several accounts of the object stores, and what to know of FTP servers, chosen by the name of bucket, container or host: the first that takes it.
/// </summary>
public sealed class StorageProfiles
{
    /// <summary>Of <c>s3://</c>.</summary>
    public IReadOnlyList<S3Options> S3 { get; init; } = [];

    /// <summary>Of <c>azure://</c>.</summary>
    public IReadOnlyList<AzureOptions> Azure { get; init; } = [];

    /// <summary>Of FTP servers.</summary>
    public IReadOnlyList<FtpOptions> Ftp { get; init; } = [];

    internal S3Options? ForBucket(string name) => S3.FirstOrDefault(p => Takes(p.Buckets, name));

    internal AzureOptions? ForContainer(string name) => Azure.FirstOrDefault(p => Takes(p.Containers, name));

    internal FtpOptions? ForFtp(string host) => Ftp.FirstOrDefault(p => Takes(p.Hosts, host, ignoreCase: true));

    private static bool Takes(IReadOnlyList<string> globs, string name, bool ignoreCase = false) =>
        globs.Count == 0 || globs.Any(g => FileSystemName.MatchesSimpleExpression(g, name, ignoreCase));
}
