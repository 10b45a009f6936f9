namespace Scitq.Fetch.Runs;

/// <summary>A sequencing run as an archive describes it.</summary>
/// <param name="Accession">Its own accession.</param>
/// <param name="Files">Its files at ENA; none where ENA has made none, or does not know the run.</param>
internal sealed record SequenceRun(string Accession, IReadOnlyList<RunFile> Files)
{
    /// <summary>Bytes of its SRA file, if told.</summary>
    public long? SraSize { get; init; }

    /// <summary>MD5 of its SRA file, if told.</summary>
    public string? SraMd5 { get; init; }
}

/// <summary>One file of a run at ENA.</summary>
/// <param name="Name">Its name at the destination.</param>
/// <param name="Address">Host and path, without a scheme.</param>
/// <param name="Size">Bytes, if told.</param>
/// <param name="Md5">Lower-case hexadecimal, if told.</param>
/// <param name="Aspera">Its path on the Aspera server, if it is there.</param>
internal sealed record RunFile(string Name, string Address, long? Size, string? Md5, string? Aspera);
