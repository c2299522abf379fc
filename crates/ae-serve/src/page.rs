//! The page: plain HTML, CSS and JavaScript that are part of the program, and nothing from elsewhere.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A file of the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageFile {
    /// Its address.
    pub(crate) path: &'static str,
    media_type: &'static str,
    content: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! script {
    ($name:literal) => {
        PageFile {
            path: concat!("/page/", $name),
            media_type: SCRIPT,
            content: include_str!(concat!("../page/", $name)),
        }
    };
}

/// Every file of the page.
pub(crate) const FILES: [PageFile; 11] = [
    PageFile {
        path: "/",
        media_type: "text/html; charset=utf-8",
        content: include_str!("../page/index.html"),
    },
    PageFile {
        path: "/page/style.css",
        media_type: "text/css; charset=utf-8",
        content: include_str!("../page/style.css"),
    },
    PageFile {
        path: "/page/icon.svg",
        media_type: "image/svg+xml",
        content: include_str!("../page/icon.svg"),
    },
    script!("main.js"),
    script!("api.js"),
    script!("drawing.js"),
    script!("denoise.js"),
    script!("latent.js"),
    script!("generate.js"),
    script!("anomalies.js"),
    script!("runs.js"),
];

impl PageFile {
    pub(crate) fn answer(&self) -> Response {
        let called = [(header::CONTENT_TYPE, self.media_type)];
        (StatusCode::OK, called, self.content).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let served = FILES.iter().map(|file| match file.path {
            "/" => "index.html".to_owned(),
            path => path.trim_start_matches("/page/").to_owned(),
        });
        assert_eq!(served.collect::<BTreeSet<_>>(), there);
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        for file in FILES {
            for (number, line) in file.content.lines().enumerate() {
                // An SVG's namespace is a name, not an address.
                let line = line.replace("http://www.w3.org/2000/svg", "");
                let is_elsewhere = ["http:", "https:", "//cdn", "style=\"", "onclick="];
                let found = is_elsewhere.iter().find(|word| line.contains(**word));
                assert_eq!(found, None, "{}:{}: {line}", file.path, number + 1);
            }
        }
    }
}
