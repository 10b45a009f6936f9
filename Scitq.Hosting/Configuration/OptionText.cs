using System.Globalization;

namespace Scitq.Hosting.Configuration;

/// <summary>
/// Turns the text a user gives into the text that the framework's binder reads: 30 seconds are not 30 days, 022 is octal,
/// and a list takes one key an item.
/// </summary>
internal static class OptionText
{
    private static readonly string[] On = ["true", "1", "yes", "on"], Off = ["false", "0", "no", "off"];

    /// <summary>The keys and values for the binder.</summary>
    /// <exception cref="ArgumentException">The text can't be read; the message is for the user, and begins with the text.</exception>
    public static IEnumerable<KeyValuePair<string, string?>> Read(ServiceOption option, string text)
    {
        if (option.Type == typeof(IReadOnlyList<string>))
            return Items(option, text).Select((item, i) => KeyValuePair.Create($"{option.Key}:{i}", (string?)item));
        return [KeyValuePair.Create(option.Key, (string?)One(option, text))];
    }

    /// <summary>A value as its user would have written it.</summary>
    public static string Write(object? value, OptionForm form) => value switch
    {
        TimeSpan span => (form == OptionForm.Days ? span.TotalDays : span.TotalSeconds).ToString(CultureInfo.InvariantCulture),
        int number when form == OptionForm.Octal => Convert.ToString(number, 8).PadLeft(3, '0'),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string One(ServiceOption option, string text)
    {
        if (option.Form == OptionForm.Path) return Path.GetFullPath(text);
        if (option.Form == OptionForm.Octal) return Octal(text).ToString(CultureInfo.InvariantCulture);
        if (option.Type == typeof(bool)) return On.Contains(text, StringComparer.OrdinalIgnoreCase) ? "true"
            : Off.Contains(text, StringComparer.OrdinalIgnoreCase) ? "false"
            : throw new ArgumentException($"'{text}' is neither true nor false.");
        if (option.Type == typeof(int) || option.Type == typeof(long)) return Whole(option.Type, text);
        if (option.Type == typeof(double)) return Number(text).ToString("R", CultureInfo.InvariantCulture);
        if ((Nullable.GetUnderlyingType(option.Type) ?? option.Type) != typeof(TimeSpan)) return text;
        // More days than a duration can have are left to the option's range to refuse.
        var span = option.Form == OptionForm.Days ? TimeSpan.FromDays(Math.Min(Number(text), TimeSpan.MaxValue.Days)) : TimeSpan.FromSeconds(Number(text));
        return span.ToString("c", CultureInfo.InvariantCulture);
    }

    private static string[] Items(ServiceOption option, string text)
    {
        if (option.Form != OptionForm.Directories) return text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var directories = text.Split(':');
        return directories.FirstOrDefault(d => !Path.IsPathFullyQualified(d)) is { } relative
            ? throw new ArgumentException($"'{relative}' is not an absolute path.")
            : directories;
    }

    private static int Octal(string text) =>
        text.Length is > 0 and <= 4 && text.All(c => c is >= '0' and <= '7')
            ? Convert.ToInt32(text, 8)
            : throw new ArgumentException($"'{text}' is not an octal number such as 022.");

    private static string Whole(Type type, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && (type == typeof(long) || number <= int.MaxValue)
            ? text
            : throw new ArgumentException($"'{text}' is not a whole number.");

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n is >= 0 and < 1e9
            ? n
            : throw new ArgumentException($"'{text}' is not a number of 0 or more.");
}
