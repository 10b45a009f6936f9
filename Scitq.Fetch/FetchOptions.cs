using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Scitq.Fetch;

/// <summary>How transfers behave. The defaults suit a worker as well as a laptop.</summary>
public sealed record FetchOptions
{
    /// <summary>How often an operation is tried without any byte of progress before it fails: 1 to 1000.</summary>
    [Range(1, 1000)] public int Attempts { get; init; } = 10;

    /// <summary>The pause before the second attempt; it doubles, with jitter, up to <see cref="BackOffLimit"/>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")] public TimeSpan BackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause between two attempts, also when a server asks for more.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")] public TimeSpan BackOffLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a connection may stay without a byte before it counts as dead.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")] public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long connecting may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")] public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Files moved at a time in a folder: 1 to 256.</summary>
    [Range(1, 256)] public int Files { get; init; } = 10;

    /// <summary>Bytes of one part of a large object: 1 MiB to 256 MiB. Larger parts are taken where a store allows only so many of them.</summary>
    [Range(1 << 20, 256 << 20)] public int PartSize { get; init; } = 8 << 20;

    /// <summary>Parts moved at a time, over all files: memory is about this times <see cref="PartSize"/>.</summary>
    [Range(1, 128)] public int Parts { get; init; } = 4;

    /// <summary>Directories below which <c>file://</c> may read and write, links resolved; empty: anywhere.</summary>
    public IReadOnlyList<string> FileRoots { get; init; } = [];

    /// <summary>
    /// The umask of files and folders that are made at <c>file://</c>, for a process that keeps its own files to itself; null: the process's.
    /// </summary>
    public int? Umask { get; init; }

    /// <summary>Opens files of <c>file://</c> to be read, for a process that reads them with the rights of another account; null: as they are.</summary>
    public Func<Func<FileStream>, FileStream>? OpenFile { get; init; }

    /// <summary>
    /// Refuses connections of <c>http(s)://</c> and <c>ftp://</c> to loopback, link-local and private addresses, redirects included, and transfers by programs
    /// that connect by themselves. Proxies and the object stores' endpoints are the administrator's and exempt.
    /// </summary>
    public bool PublicAddressesOnly { get; init; }

    /// <summary>Which addresses are public. Tests have none that are.</summary>
    internal Func<IPAddress, bool> IsPublic { get; init; } = Http.Connections.IsPublic;

    /// <summary>Limits to the size that archives and compressed files may unfold to.</summary>
    public UnpackLimits Unpack { get; init; } = new();

    /// <summary>Where open multipart uploads are remembered, so that an interrupted one is continued by the next process.</summary>
    [Required] public string StateDirectory { get; init; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"), "scitq", "transfers");

    /// <summary>Accounts for certain buckets and containers, which go before <see cref="S3"/> and <see cref="Azure"/>.</summary>
    [Required] public StorageProfiles Storage { get; init; } = new();

    /// <summary>How S3 is reached.</summary>
    public S3Options S3 { get; init; } = new();

    /// <summary>How Azure is reached.</summary>
    public AzureOptions Azure { get; init; } = new();

    /// <summary>Where the public sequence archives are.</summary>
    public ArchiveOptions Archives { get; init; } = new();

    /// <summary>The programs some transfers need.</summary>
    public ProgramOptions Programs { get; init; } = new();

    /// <summary>How Aspera is spoken.</summary>
    public AsperaOptions Aspera { get; init; } = new();

    /// <summary>Told what is being waited for or was left out, in one line without secrets. Called from several threads.</summary>
    public Action<string>? Notice { get; init; }

    /// <exception cref="ArgumentException">An option is out of its range; the message names it.</exception>
    internal FetchOptions Validated()
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(this, new ValidationContext(this), problems, validateAllProperties: true)
            | !Validator.TryValidateObject(Unpack, new ValidationContext(Unpack), problems, validateAllProperties: true)
            | !Validator.TryValidateObject(Aspera, new ValidationContext(Aspera), problems, validateAllProperties: true))
            throw new ArgumentException($"{nameof(FetchOptions)}: {string.Join(" ", problems.Select(p => p.ErrorMessage))}");
        if (FileRoots.FirstOrDefault(r => !Path.IsPathFullyQualified(r)) is { } relative)
            throw new ArgumentException($"{nameof(FetchOptions)}: {nameof(FileRoots)} holds '{relative}', which is not an absolute path.");
        return Archives.Problem() is { } problem ? throw new ArgumentException($"{nameof(FetchOptions)}: {problem}") : this;
    }
}

/// <summary>Where unpacking stops, so that a small hostile file cannot fill a disk.</summary>
public sealed record UnpackLimits
{
    /// <summary>Most entries of an archive.</summary>
    [Range(1, int.MaxValue)] public int Entries { get; init; } = 1_000_000;

    /// <summary>Bytes that may always come out, whatever the ratio.</summary>
    [Range(0, long.MaxValue)] public long FreeBytes { get; init; } = 1L << 30;

    /// <summary>Beyond <see cref="FreeBytes"/>: how many times the compressed size may come out.</summary>
    [Range(1, 100_000)] public int Ratio { get; init; } = 20;

    /// <summary>Bytes of the disk that stay free.</summary>
    [Range(0, long.MaxValue)] public long DiskReserve { get; init; } = 64L << 20;

    internal long BytesFor(long packed) => Math.Max(FreeBytes, packed > long.MaxValue / Ratio ? long.MaxValue : packed * Ratio);
}
