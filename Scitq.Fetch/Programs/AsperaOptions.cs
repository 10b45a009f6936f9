using System.ComponentModel.DataAnnotations;

namespace Scitq.Fetch;

/// <summary>How Aspera is spoken. A password only ever comes from the environment variable <c>ASPERA_SCP_PASS</c>, where ascp looks for it.</summary>
public sealed record AsperaOptions
{
    /// <summary>The target rate as ascp takes it: digits with <c>k</c>, <c>m</c> or <c>g</c> bits a second. <c>SCITQ_ASPERA_RATE</c>.</summary>
    [RegularExpression("[0-9]{1,9}[kmgKMG]?", ErrorMessage = "The Aspera rate is digits and k, m or g, such as 300m.")]
    public string Rate { get; init; } = Variables.Or("SCITQ_ASPERA_RATE", "300m");

    /// <summary>The server's SSH port. <c>SCITQ_ASPERA_PORT</c>.</summary>
    [RegularExpression("[0-9]{1,5}", ErrorMessage = "The Aspera port is a number.")]
    public string Port { get; init; } = Variables.Or("SCITQ_ASPERA_PORT", "33001");

    /// <summary>The private key to log in with (within the image, if one is used); null: a password. <c>SCITQ_ASPERA_KEY</c>.</summary>
    public string? Key { get; init; } = Variables.Of("SCITQ_ASPERA_KEY");
}
