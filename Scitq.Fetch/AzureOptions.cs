namespace Scitq.Fetch;

/// <summary>
/// How <c>azure://</c> is reached. A member that is left null is taken from <c>AZURE_STORAGE_CONNECTION_STRING</c>, <c>AZURE_STORAGE_ACCOUNT</c> (or
/// <c>SCITQ_AZURE_ACCOUNT</c>),
/// <c>AZURE_STORAGE_KEY</c> (or <c>SCITQ_AZURE_KEY</c>), <c>AZURE_STORAGE_SAS_TOKEN</c> and <c>AZURE_STORAGE_ENDPOINT</c>. With an account and
/// neither key nor token,
/// the machine's or the user's identity is used (managed identity, <c>az login</c>, <c>AZURE_CLIENT_ID</c>…).
/// </summary>
public sealed class AzureOptions
{
    /// <summary>Of <see cref="StorageProfiles"/>: the containers it is for, with <c>*</c> and <c>?</c>; empty: all.</summary>
    public IReadOnlyList<string> Containers { get; init; } = [];

    /// <summary>Holds everything else.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>The storage account.</summary>
    public string? Account { get; init; }

    /// <summary>A key of the account.</summary>
    public string? Key { get; init; }

    /// <summary>A shared access signature, with or without its leading question mark.</summary>
    public string? SasToken { get; init; }

    /// <summary>The URL of the blob service, for anything but <c>https://ACCOUNT.blob.core.windows.net</c>.</summary>
    public string? Endpoint { get; init; }
}
