namespace Scitq.Fetch;

/// <summary>
/// How <c>s3://</c> is reached. A member that is left null is taken from where every AWS program takes it: environment, profiles, the machine's role.
/// </summary>
public sealed class S3Options
{
    /// <summary>Of <see cref="StorageProfiles"/>: the buckets it is for, with <c>*</c> and <c>?</c>; empty: all.</summary>
    public IReadOnlyList<string> Buckets { get; init; } = [];

    /// <summary>
    /// The server's URL, for anything but AWS; otherwise <c>AWS_ENDPOINT_URL_S3</c> or <c>AWS_ENDPOINT_URL</c>. Buckets are then part of the path.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>The region; otherwise <c>AWS_REGION</c>, the profile's, or <c>us-east-1</c>.</summary>
    public string? Region { get; init; }

    /// <summary>A profile of the shared AWS files; otherwise <c>AWS_PROFILE</c>.</summary>
    public string? Profile { get; init; }

    /// <summary>With <see cref="SecretAccessKey"/>: the key to sign with.</summary>
    public string? AccessKeyId { get; init; }

    /// <summary>The key's secret.</summary>
    public string? SecretAccessKey { get; init; }
}
