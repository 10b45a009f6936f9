namespace Scitq.Contracts;

/// <summary>Why an attempt failed: one word, in lower case in JSON, the database and on screens.</summary>
public enum FailureClass
{
    /// <summary>The command ended with a code other than 0, or by a signal of its own.</summary>
    Exit,

    /// <summary>The kernel killed it for want of memory.</summary>
    Oom,

    /// <summary>It outlived its run timeout.</summary>
    Timeout,

    /// <summary>The worker's disk could not hold it.</summary>
    Disk,

    /// <summary>An input or resource could not be fetched, or not within the download timeout.</summary>
    Download,

    /// <summary>Its output could not be delivered; the output is kept on the worker.</summary>
    Upload,

    /// <summary>Its image could not be had.</summary>
    Image,

    /// <summary>Its command or container could not be started.</summary>
    Start,

    /// <summary>Its worker vanished or forgot it. Never counted against the user's retries.</summary>
    Lost,

    /// <summary>Its user cancelled it.</summary>
    Cancelled,
}
