namespace Scitq.Fetch;

/// <summary>
/// The programs some transfers need: a name on PATH or an absolute path each. Where an image is named, the program of that name in it is run by docker instead,
/// with the destination mounted under its own path. The defaults come from the environment variables named below.
/// </summary>
public sealed record ProgramOptions
{
    /// <summary>aria2c, for <c>@aria2</c>: <c>SCITQ_ARIA2C</c>.</summary>
    public string Aria2c { get; init; } = Variables.Or("SCITQ_ARIA2C", "aria2c");

    /// <summary>An image that holds aria2c: <c>SCITQ_ARIA2_IMAGE</c>.</summary>
    public string? Aria2Image { get; init; } = Variables.Of("SCITQ_ARIA2_IMAGE");

    /// <summary>IBM's ascp, for <c>fasp://</c> and <c>@aspera</c>: <c>SCITQ_ASCP</c>.</summary>
    public string Ascp { get; init; } = Variables.Or("SCITQ_ASCP", "ascp");

    /// <summary>An image that holds ascp: <c>SCITQ_ASCP_IMAGE</c>.</summary>
    public string? AscpImage { get; init; } = Variables.Of("SCITQ_ASCP_IMAGE");

    /// <summary>fasterq-dump of the SRA toolkit: <c>SCITQ_FASTERQ_DUMP</c>.</summary>
    public string FasterqDump { get; init; } = Variables.Or("SCITQ_FASTERQ_DUMP", "fasterq-dump");

    /// <summary>prefetch of the SRA toolkit: <c>SCITQ_SRA_PREFETCH</c>.</summary>
    public string Prefetch { get; init; } = Variables.Or("SCITQ_SRA_PREFETCH", "prefetch");

    /// <summary>
    /// vdb-validate of the SRA toolkit, which finds damage in what prefetch has fetched; where it is not there, nobody looks:
    /// <c>SCITQ_VDB_VALIDATE</c>.
    /// </summary>
    public string VdbValidate { get; init; } = Variables.Or("SCITQ_VDB_VALIDATE", "vdb-validate");

    /// <summary>An image that holds the SRA toolkit, such as <c>ncbi/sra-tools</c>: <c>SCITQ_SRA_IMAGE</c>.</summary>
    public string? SraImage { get; init; } = Variables.Of("SCITQ_SRA_IMAGE");

    /// <summary>pigz, which compresses FASTQ on all cores; without it one core does: <c>SCITQ_PIGZ</c>.</summary>
    public string Pigz { get; init; } = Variables.Or("SCITQ_PIGZ", "pigz");

    /// <summary>docker, which runs the images: <c>SCITQ_DOCKER</c>.</summary>
    public string Docker { get; init; } = Variables.Or("SCITQ_DOCKER", "docker");
}
