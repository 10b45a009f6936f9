namespace Scitq.Fetch;

/// <summary>Where the public sequence archives are. The defaults come from the environment variables named below.</summary>
public sealed record ArchiveOptions
{
    /// <summary>ENA's portal API: <c>SCITQ_ENA_PORTAL</c>.</summary>
    public string EnaPortal { get; init; } = Variables.Or("SCITQ_ENA_PORTAL", "https://www.ebi.ac.uk/ena/portal/api");

    /// <summary>
    /// Where ENA's files are, an <c>https://</c>, <c>http://</c> or <c>ftp://</c> URL that their path is put after; null: by HTTPS from the host ENA
    /// names. <c>SCITQ_ENA_FILES</c>.
    /// </summary>
    public string? EnaFiles { get; init; } = Variables.Of("SCITQ_ENA_FILES");

    /// <summary>ENA's Aspera server as <c>user@host</c>: <c>SCITQ_ENA_ASPERA</c>.</summary>
    public string EnaAspera { get; init; } = Variables.Or("SCITQ_ENA_ASPERA", "era-fasp@fasp.sra.ebi.ac.uk");

    /// <summary>SRA's open data, a URL that <c>/RUN/RUN</c> is put after: <c>SCITQ_SRA_CLOUD</c>.</summary>
    public string SraCloud { get; init; } = Variables.Or("SCITQ_SRA_CLOUD", "https://sra-pub-run-odp.s3.amazonaws.com/sra");

    /// <summary>The first defect, as one line; null when there is none.</summary>
    internal string? Problem() =>
        Bad(nameof(EnaPortal), EnaPortal, "http", "https") ?? Bad(nameof(SraCloud), SraCloud, "http", "https")
            ?? (EnaFiles is null ? null : Bad(nameof(EnaFiles), EnaFiles, "http", "https", "ftp"));

    private static string? Bad(string name, string url, params string[] schemes) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme)
            ? null
            : $"{name} '{Redacted.Of(url)}' is no URL of {string.Join(", ", schemes)}.";
}
