namespace Scitq.Fetch.Transfers;

/// <summary>Brings one object into one file: verified, and never visible under its final name before it is whole.</summary>
internal interface IFileDownload
{
    /// <summary>Fetches it.</summary>
    Task<TransferredFile> ToFileAsync(DataEntry entry, string target, string name, CancellationToken ct);

    /// <summary>The file it is in until it is whole.</summary>
    string PartOf(DataEntry entry, string target);
}
