namespace Scitq.Fetch.Ftp;

/// <summary>An answer of the server.</summary>
internal readonly record struct FtpReply(int Code, string Text)
{
    /// <summary>Whether the command succeeded, goes on (1xx) or wants more (3xx).</summary>
    public bool IsPositive => Code < 400;

    /// <summary>The fault this answer stands for.</summary>
    public Exception Fault(string shown) => Code switch
    {
        >= 400 and < 500 => new TransientException($"the server answered {Shown}."),
        530 or 532 or 534 => new AccessDeniedException($"{shown}: the server answered {Shown}. Check user and password."),
        550 or 553 when Text.Contains("ermission", StringComparison.Ordinal) || Text.Contains("denied", StringComparison.OrdinalIgnoreCase)
            || Text.Contains("privilege", StringComparison.OrdinalIgnoreCase) =>
            new AccessDeniedException($"{shown}: the server answered {Shown}."),
        550 or 501 when Code == 550 || Text.Contains("o such", StringComparison.Ordinal) => new DataNotFoundException($"{shown}: the server answered {Shown}."),
        552 => new AccessDeniedException($"{shown}: the server has no room left ({Shown})."),
        _ => new UnsupportedTransferException($"{shown}: the server answered {Shown}."),
    };

    /// <summary>Its first line, as it may be shown.</summary>
    public string Shown => Redacted.Of(Text.Split('\n')[0]).TrimEnd('.', ' ');
}
