namespace Scitq.Fetch.Ftp;

/// <summary>How an FTP connection is secured.</summary>
internal enum FtpTls
{
    /// <summary><c>ftp://</c>: when the server refuses to go on without.</summary>
    WhenAsked,

    /// <summary><c>ftpes://</c>: by AUTH TLS, before anything else is said.</summary>
    First,

    /// <summary><c>ftps://</c>: from the first byte, at a port of its own.</summary>
    Implicit,
}
